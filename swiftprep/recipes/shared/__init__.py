"""Code shared by the recipes: settings, the command line, and reports."""
