"""What was said: the record types, one stream a file.

Every record begins with the same envelope (`schema.ENVELOPE`): when, which flow, which sensor, and which packet of
which capture. Names are Zeek's where Zeek has one.
"""

from linewarden.records.binding import Binding
from linewarden.records.command import Command, Verb
from linewarden.records.conn import Conn
from linewarden.records.identity import Identity
from linewarden.records.judged import Judged
from linewarden.records.known import Known
from linewarden.records.notice import Notice
from linewarden.records.reading import Reading
from linewarden.records.schema import ENVELOPE, Column, Stream, stream_of
from linewarden.records.transfer import Transfer
from linewarden.records.weird import Weird

COMMON: tuple[type, ...] = (Conn, Weird, Notice, Identity, Reading, Command, Transfer, Binding, Judged, Known)
"""The streams that every sensor has, whichever protocols it speaks."""

__all__ = [
    "COMMON",
    "ENVELOPE",
    "Binding",
    "Column",
    "Command",
    "Conn",
    "Identity",
    "Judged",
    "Known",
    "Notice",
    "Reading",
    "Stream",
    "Transfer",
    "Verb",
    "Weird",
    "stream_of",
]
