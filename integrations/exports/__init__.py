"""How lists leave as files."""
