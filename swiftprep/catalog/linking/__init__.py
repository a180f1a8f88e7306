"""Link the facts of all files into components by resolving imports, mixins and types."""
