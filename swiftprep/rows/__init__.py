"""The forms that rows of a data file have."""
