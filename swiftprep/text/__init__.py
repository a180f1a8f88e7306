"""Text from outside: parsed within limits of size and depth, with invalid characters handled."""
