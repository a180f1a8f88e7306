"""Run ms-swift, and judge a run by its log."""
