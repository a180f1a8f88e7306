"""Files and folders on disk: atomic writes, locks, and output folders that belong to one run."""
