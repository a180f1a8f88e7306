"""Teachers: models behind OpenAI-compatible endpoints or on this machine, and functions."""
