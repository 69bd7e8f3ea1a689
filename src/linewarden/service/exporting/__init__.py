"""Notices on their way to other systems: syslog, webhook, mail. The only room that sends, to whom a person named.

    take(event) -> outbox (a file for each receiver) -> forwarder (a thread for each) -> carrier (syslog, webhook, mail)

Nothing here waits in a sensor's thread, and nothing here can end one. See docs/adr/0012-exports.md.
"""
