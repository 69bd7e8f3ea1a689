"""Detections of the tactic discovery."""
