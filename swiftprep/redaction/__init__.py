"""Detection and replacement of secrets, personal data and intranet addresses in code and prose."""
