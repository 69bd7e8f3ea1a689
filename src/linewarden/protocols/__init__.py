"""The languages: one file a protocol, found by `linewarden.protocols.registry`; nothing else to edit."""
