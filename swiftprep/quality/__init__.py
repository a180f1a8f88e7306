"""Check, repair and deduplicate samples."""
