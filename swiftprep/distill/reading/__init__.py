"""Read the files people bring: scenarios and experts' answers."""
