"""Detections of the tactic inhibit response function."""
