"""One line for one trouble: said when it begins, and not again until it has been over."""

from __future__ import annotations

from collections.abc import Callable

from linewarden.errors import LinewardenError


class LostError(LinewardenError):
    """A machine cannot be reached, or its answers cannot be used: the text says what, and the way out."""


class Troubles:
    """Which troubles last. Keys come from the settings (tags, groups, units), so their number is bounded."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._last = say, {}  # type: tuple[Callable[[str], None], dict[object, str]]

    def begin(self, key: object, text: str) -> None:
        """Says the text unless the same has been said for the key and is not over."""
        if self._last.get(key) != text:
            self._last[key] = text
            self._say(text)

    def over(self, key: object, text: str = "") -> bool:
        """Forgets the trouble; says the text if there was one. True: there was one."""
        was = self._last.pop(key, None) is not None
        if was and text:
            self._say(text)
        return was

    def __contains__(self, key: object) -> bool:
        return key in self._last


def reason(error: BaseException) -> str:
    """What the system says of an error, in its own words and one line; the same for each way to hang up."""
    if isinstance(error, (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)):
        return "it closed the connection"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())
