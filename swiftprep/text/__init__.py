"""Text from outside: read within limits of size and depth, and without characters that no text has."""
