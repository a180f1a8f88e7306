"""Code in text: find it, parse it and check it against the catalogue."""
