"""What a framework offers: its components and their API, and code checked against it."""
