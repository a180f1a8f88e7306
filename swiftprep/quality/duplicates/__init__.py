"""Texts that say the same, and how much texts differ."""
