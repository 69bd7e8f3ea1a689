"""All errors that Linewarden raises on purpose.

    LinewardenError            anything below; its text is one line that names the file or field and the way out
    |-- CaptureError           a capture cannot be opened, or is not one
    |-- StoreError             the lake cannot be written or read (no space, no permission, not a lake)
    |-- ConfigError            a setting, a names file or an option is wrong
    |-- ProtocolError          a protocol file declares something that the engine cannot run
    |-- QueryError             the SQL of the user is wrong
    |-- SendError              another system does not take what is sent to it
    `-- AccessError            an account, code, token or right does not allow it
        `-- BusyError          too many at once: the same is possible in a few seconds

What a *peer* on the wire does wrong is never an exception: it is a `weird` record.
"""


class LinewardenError(Exception):
    """Base of the tree. `exit_code` is what the command line ends with (docs/reference/exit-codes.md)."""

    exit_code = 1


class CaptureError(LinewardenError):
    """A capture cannot be opened, is empty, or is not a capture."""

    exit_code = 3


class StoreError(LinewardenError):
    """The lake cannot be written or read."""

    exit_code = 4


class ConfigError(LinewardenError):
    """A setting, a names file or an option is wrong."""

    exit_code = 2


class ProtocolError(LinewardenError):
    """A protocol file declares something that the engine cannot run (a mistake of ours, found at start)."""

    exit_code = 5


class QueryError(LinewardenError):
    """The user's SQL is wrong, or asks for a stream that the lake does not have."""

    exit_code = 6


class SendError(LinewardenError):
    """A receiver that a person named cannot be reached, or does not take what is sent."""

    exit_code = 8


class AccessError(LinewardenError):
    """An account, a code or a token is not there, is used up, or does not allow what was asked."""

    exit_code = 9


class BusyError(AccessError):
    """Too many ask at once for what takes much of this machine. Nothing is wrong with what was asked."""

    exit_code = 11
