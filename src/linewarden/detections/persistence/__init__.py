"""Detections of what keeps an intruder's change in place."""
