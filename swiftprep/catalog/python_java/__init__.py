"""Read catalogue entries from Python and Java sources."""
