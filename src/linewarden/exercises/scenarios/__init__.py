"""The scenarios, one file each; a new file is found by itself (scenario.py)."""
