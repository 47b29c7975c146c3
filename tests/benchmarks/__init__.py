"""Measurements against the bare floor of the same run. `python -m tests.benchmarks` prints the table."""
