"""Customers, deals and scores for programs. Reads only; `integrations.api` has the conventions."""
