"""Backups: one encrypted file with all that makes a site's Linewarden what it is, and back (docs/how-to/back-up.md)."""
