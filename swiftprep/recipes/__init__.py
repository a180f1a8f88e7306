"""Whole jobs, each run by `python -m swiftprep.recipes.<name> [file.yaml] [key=value …]`."""
