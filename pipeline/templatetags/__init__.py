"""Words and small parts of the pages of customers and deals."""
