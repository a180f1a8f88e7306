"""Ask a model questions, score its answers, and compare two models."""
