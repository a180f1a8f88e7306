"""Mix private and general data sets at a ratio, and write swift's `--dataset` list."""
