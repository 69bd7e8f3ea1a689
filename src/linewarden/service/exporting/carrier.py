"""What all ways of sending have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from linewarden.errors import SendError

if TYPE_CHECKING:
    from linewarden.cases.model import Event

TIMEOUT_S = 10.0
"""For one step of a conversation: to connect, to hand over, to be answered."""


class DeliveryError(SendError):
    """Not all was taken: why, how many were, after how many s to try again if somebody said, and who was refused."""

    def __init__(self, why: str, taken: int = 0, wait_s: float | None = None, refused: Sequence[str] = ()) -> None:
        super().__init__(why)
        self.taken, self.wait_s, self.refused = taken, wait_s, tuple(refused)


class Carrier(Protocol):
    """A way to one receiver."""

    most: int
    """Notices that it takes at once."""

    def send(self, events: Sequence[Event]) -> list[str]:
        """Hands them over in order. Gives a line for each that the receiver will never take; raises DeliveryError."""

    def close(self) -> None:
        """Lets go of the connection; the next `send` opens another."""


def why(error: Exception) -> str:
    """An error of the system in a few words."""
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted ({error.verify_message}); name the CA that signed it"
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT_S:g} s"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
