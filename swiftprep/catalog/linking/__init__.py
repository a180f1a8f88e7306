"""From the facts of all files to components: imports, mixins and types followed."""
