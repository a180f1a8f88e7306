"""What people bring: files of scenarios, and of experts' answers."""
