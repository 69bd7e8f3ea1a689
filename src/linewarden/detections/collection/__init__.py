"""Gathering data of the process."""
