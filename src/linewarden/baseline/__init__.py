"""What is usual: who does what to whom, learned from records; visible, editable, and a named snapshot when frozen."""
