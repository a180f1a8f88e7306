"""Private : general at a ratio, and swift's `--dataset` list."""
