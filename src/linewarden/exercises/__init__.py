"""Practice: the plant that the demonstration shows."""
