"""Detections of what hides something from those who look."""
