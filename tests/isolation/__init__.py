"""Attacks on the borders between organisations: on the tables, on the rules, on every address."""
