"""Parsers that produce syntax trees for Vue, JavaScript, TypeScript, HTML, Python and Java."""
