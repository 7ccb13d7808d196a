"""What `make bench` measures: ratios against a floor in one run, never an absolute figure in a test."""
