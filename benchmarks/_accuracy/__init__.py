"""The parts of benchmarks/accuracy.py: truth, our counts, their comparison, what is shown."""
