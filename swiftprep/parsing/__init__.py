"""Syntax trees: of Vue, JavaScript, TypeScript, HTML, Python and Java."""
