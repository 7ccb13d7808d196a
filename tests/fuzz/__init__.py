"""The API is called with whatever its document allows, and with what it does not."""
