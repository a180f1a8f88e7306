"""Whether an answer is fit to be trained on, and what is wrong with it."""
