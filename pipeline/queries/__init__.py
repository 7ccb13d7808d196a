"""What is read of customers and deals."""
