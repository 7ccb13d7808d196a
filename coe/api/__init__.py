"""The API of the methods."""
