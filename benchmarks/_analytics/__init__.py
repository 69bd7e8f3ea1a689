"""The sets of `benchmarks/analytics.py`: one file each, with a `SET`; a new file is found by itself."""
