"""The rules of the checker, and the helpers they share."""
