"""What the checker found, as data and as a page."""
