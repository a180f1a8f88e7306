"""Run ms-swift, and read what its log says."""
