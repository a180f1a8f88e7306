"""Who is asked: models behind OpenAI-compatible endpoints, functions; what their answers and failures mean."""
