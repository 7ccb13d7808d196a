"""Pages of the methods."""
