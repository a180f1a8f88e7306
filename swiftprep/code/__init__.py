"""Code in text: fences and pieces, whether they parse, and what the catalogue says of them."""
