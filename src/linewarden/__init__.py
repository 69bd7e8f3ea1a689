"""Linewarden: connects a factory, learns how it normally runs, and keeps it running."""

__version__ = "0.1.0"
