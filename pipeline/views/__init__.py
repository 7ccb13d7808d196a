"""The pages of customers and deals."""
