"""What to ask a model, how to score the answers, and how two models compare."""
