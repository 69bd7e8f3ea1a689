"""Practice: a small plant over real protocol stacks, its scenarios, and the recording that the demonstration shows."""
