"""What the recipes share: settings, the command line, and the reports they write."""
