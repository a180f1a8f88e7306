"""Check whether an answer is fit for training, and find its flaws."""
