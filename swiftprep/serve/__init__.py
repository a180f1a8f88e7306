"""Models served on this machine, to be asked as teachers."""
