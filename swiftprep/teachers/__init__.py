"""Models and functions that answer: behind OpenAI-compatible endpoints, or on this machine."""
