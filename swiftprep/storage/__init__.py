"""Files and folders on disk: written whole, locked, owned by one run."""
