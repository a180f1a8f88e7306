"""The catalogue of Python and Java sources."""
