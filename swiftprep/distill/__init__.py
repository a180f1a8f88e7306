"""Scenarios planned from the catalogue, answered by experts or a teacher; each answer verified and paid for once."""
