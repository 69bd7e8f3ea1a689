"""Detections of the tactic command and control."""
