"""Row forms of data files: their columns, types, and keys beside the text."""
