"""command: who told whom to do what."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from linewarden.records.schema import col


class Verb(StrEnum):
    """The closed list of what a message can ask of a device, whichever protocol says it."""

    READ = "read"
    WRITE = "write"
    PROGRAM_DOWNLOAD = "program_download"
    PROGRAM_UPLOAD = "program_upload"
    SET_MODE = "set_mode"
    START = "start"
    STOP = "stop"
    RESTART = "restart"
    FIRMWARE_UPDATE = "firmware_update"
    FORCE = "force"
    DIAGNOSE = "diagnose"
    BROWSE = "browse"
    SUBSCRIBE = "subscribe"
    CONFIGURE = "configure"
    ACKNOWLEDGE = "acknowledge"
    INHIBIT = "inhibit"
    AUTHENTICATE = "authenticate"


@dataclass(frozen=True, slots=True)
class Command:
    """A request, with whether and how it was answered.

    Verbs that change something have one row each. What polls (read, diagnose, browse, subscribe) is counted per
    conversation, function and area: one row an interval (60 s), with `count`, so that polling does not drown the rest.
    """

    STREAM: ClassVar[str] = "command"
    HAS_ENDPOINTS: ClassVar[bool] = True

    protocol: str = col("protocol", nullable=False, default="")
    verb: str = col("one of Verb", nullable=False, default="")
    function: str = col("the protocol's own name for it", nullable=False, default="")
    unit: int | None = col("as in reading", "i64")
    target: str | None = col("area and addresses: 'holding_register 40-43', a tag, a node id, a block", "text")
    value: str | None = col("what was written, if short", "text")
    count: int = col("requests in this row", "u64", nullable=False, default=1)
    answered: int = col("answers in this row", "u64", nullable=False, default=0)
    errors: int = col("answers that refused", "u64", nullable=False, default=0)
    result: str | None = col("ok, unanswered, or the protocol's error by name or number (of the last one)")
    until: int | None = col("time of the last request in this row", "ts", unit="ns UTC")
