"""The checker's findings, as data and as a page."""
