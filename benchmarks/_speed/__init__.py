"""The parts of `benchmarks/run.py` and `benchmarks/flood.py`."""
