"""Detections of the tactic execution."""
