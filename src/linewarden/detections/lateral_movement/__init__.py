"""Detections of the tactic lateral movement."""
