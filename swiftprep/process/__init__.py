"""Child processes: started with what they need, ended with their parent, replaced when they die."""
