"""What is known of components beside their source: run time, web-types, documentation, a user's own corrections."""
