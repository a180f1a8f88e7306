"""Secrets, personal data and intranet addresses: found in code and prose, and replaced."""
