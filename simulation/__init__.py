"""A believable company from one seed: for the demo, for load tests, and with a planted truth for tests of scoring."""
