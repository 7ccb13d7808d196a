"""The composition: settings, addresses, the night. The only package that knows all the others."""
