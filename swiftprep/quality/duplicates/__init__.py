"""Find duplicates and contamination, and measure diversity."""
