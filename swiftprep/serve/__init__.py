"""Model servers on this machine, each in its own process."""
