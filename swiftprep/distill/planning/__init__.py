"""Plan scenarios from the catalogue, and measure what they cover."""
