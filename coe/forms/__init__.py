"""Forms of the methods."""
