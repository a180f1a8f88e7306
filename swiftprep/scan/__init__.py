"""Code base → training samples."""
