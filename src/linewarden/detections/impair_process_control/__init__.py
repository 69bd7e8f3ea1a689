"""Disturbing what the machines do."""
