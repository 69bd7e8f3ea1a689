"""Notices and cases as documents that other systems read: STIX, OCSF, ECS, CEF and syslog. Pure functions, no I/O.

The same notice always gives the same document with the same id, so that telling one twice does not double it.
"""
