"""Child processes: started with a minimal environment, ended with their parent, replaced when they crash."""
