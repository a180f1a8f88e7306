"""The rules of the checker, and what several of them use."""
