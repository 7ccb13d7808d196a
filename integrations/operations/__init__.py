"""What people and workers do with imports: upload, map, check, commit."""
