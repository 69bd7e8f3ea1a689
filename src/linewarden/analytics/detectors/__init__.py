"""One file a detector, each with a `DETECTOR` that keeps the contract; a new file is found by itself."""
