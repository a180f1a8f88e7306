"""Turn a code base into training samples."""
