"""Proof and secrecy: the tree of the audit log, signed tree heads, sealed secrets, encrypted files. No database."""
