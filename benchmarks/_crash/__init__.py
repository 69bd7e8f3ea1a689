"""Parts of benchmarks/crash.py."""
