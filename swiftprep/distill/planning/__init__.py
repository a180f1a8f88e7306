"""What to ask: scenarios from the catalogue, and what they cover."""
