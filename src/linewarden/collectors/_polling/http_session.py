"""One HTTP endpoint that is read with GET; its JSON to values."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.collectors._polling.json_path import MISSING, at
from linewarden.collectors._polling.outlet import Got, Outlet
from linewarden.collectors._polling.remembered import Remembered
from linewarden.collectors._polling.times import ns_of
from linewarden.collectors._polling.tls import client_context
from linewarden.collectors._polling.trouble import LostError, Troubles, reason
from linewarden.collectors._polling.values import is_number, scaled
from linewarden.collectors.contract import Sink
from linewarden.errors import StoreError

if TYPE_CHECKING:
    import httpx

BEFORE_ALL = -(2**63)
MOST_BYTES = 32 * 2**20
"""Of an answer."""
_WAYS = {
    401: "check token, or user and password",
    403: "check token, or user and password, and their rights",
    404: "check the path in url",
    429: "it is asked too often; give a longer interval",
}


@dataclass(frozen=True, slots=True)
class Point:
    """A tag: where its value and, if not the common one, its time are."""

    number: int
    name: str
    steps: tuple[str | int, ...]
    as_number: bool
    scale: float
    offset: float


@dataclass(frozen=True, slots=True)
class Reading:
    """rows: path of a list of records, None: the document is one. time: path within a record, None: none is said."""

    rows: tuple[str | int, ...] | None
    time: tuple[str | int, ...] | None
    form: str
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Way:
    """Where and as whom. timeout: s for the whole answer."""

    url: str
    timeout: float
    headers: Mapping[str, str]
    auth: tuple[str, str] | None
    ca: Any = None
    cert: Any = None
    key: Any = None


class HttpSession:
    """See `loop.Session`."""

    def __init__(
        self, way: Way, points: Sequence[Point], reading: Reading, sink: Sink, peer: str, state: Path | None = None
    ) -> None:  # fmt: skip
        self._way, self._points, self._reading, self._peer = way, points, reading, peer
        self._client: httpx.Client | None = None
        self._outlet = Outlet(sink, peer, {p.number: p.name for p in points}, "check its path in the document")
        self._troubles = Troubles(sink.say)
        self._etag = ""
        self._last: list[tuple[int, Got]] = []
        self._newest = BEFORE_ALL
        self._state = Remembered(state)

    def open(self) -> None:
        """Makes ready; the connection comes with the first poll. Raises LostError for a certificate that is no use."""
        import httpx

        self.close()
        self._state.load()
        self._newest = max(self._newest, int(self._state.data.get("newest", BEFORE_ALL)))
        way = self._way
        secure = way.url.startswith("https:")
        context = client_context(way.ca, way.cert, way.key) if secure else False
        self._client = httpx.Client(
            verify=context, trust_env=False, follow_redirects=False, timeout=way.timeout, auth=way.auth,
            headers={"Accept": "application/json", **way.headers},
        )  # fmt: skip

    def close(self) -> None:
        """Ends the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def numbers(self) -> list[int]:
        """Tags that had a value until now."""
        self._etag = ""
        return self._outlet.gone()

    def poll(self, group: str) -> None:
        """Gets the document and puts its values. Raises LostError."""
        body = self._get()
        if body is None:  # as it was: what has no time of its own holds now, too
            if self._reading.time is None:
                self._outlet.put(self._last)
            return
        try:
            document = json.loads(body)
        except ValueError as error:
            raise LostError(f"{self._peer}: its answer is no JSON ({reason(error)}); check url") from None
        except RecursionError:
            raise LostError(f"{self._peer}: its answer is nested too deep; check url") from None
        self._last, newest = self._values(document)
        done = self._outlet.put(self._last)
        if newest > self._newest:
            self._taken(newest, done)

    def _taken(self, newest: int, done: Future[None] | None) -> None:
        """Goes on behind `newest` once what came until then is kept, also after a restart of ours. Raises LostError."""
        try:
            if done is not None:
                done.result()
        except StoreError as error:
            raise LostError(f"{self._peer}: not taken ({error}); it goes on where it was") from error
        self._newest = newest
        self._state.data = {"newest": newest}
        self._state.save()

    def _get(self) -> bytes | None:
        """The body, or None where it has not changed."""
        import httpx

        assert self._client is not None
        until = time.monotonic() + self._way.timeout
        asked = {"If-None-Match": self._etag} if self._etag else {}
        try:
            with self._client.stream("GET", self._way.url, headers=asked) as answer:
                if answer.status_code == 304 and asked:
                    return None
                self._check(answer)
                body = bytearray()
                for piece in answer.iter_bytes():
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise LostError(f"{self._peer}: its answer is longer than {MOST_BYTES >> 20} MB; ask for less")
                    if time.monotonic() > until:
                        raise LostError(f"{self._peer}: no whole answer within {self._way.timeout:g} s")
                self._etag = answer.headers.get("ETag", "")
                return bytes(body)
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise LostError(f"{self._peer}: {_told(error, self._way.timeout)}") from error

    def _check(self, answer: httpx.Response) -> None:
        if answer.is_redirect:
            to = answer.headers.get("Location", "")[:200]
            raise LostError(f"{self._peer}: it sends us to {to!r}; redirects are not followed, give the right url")
        if answer.status_code != 200:
            way = _WAYS.get(answer.status_code, "check url, and the log of the server")
            raise LostError(f"{self._peer}: it answers {answer.status_code} {answer.reason_phrase}; {way}")

    def _values(self, document: Any) -> tuple[list[tuple[int, Got]], int]:
        """What is newer than before, and the newest time of it."""
        of = self._reading
        records = [document] if of.rows is None else at(document, of.rows)
        if not isinstance(records, list):
            raise LostError(f"{self._peer}: there is no list at rows; check its path")
        found: list[tuple[int, Got]] = []
        newest = self._newest
        for record in records:
            when = self._when(record)
            if of.time is not None and (when is None or when <= self._newest):
                continue  # without its time, or taken already
            newest = max(newest, when or newest)
            found += [(point.number, _got(at(record, point.steps), point, when)) for point in self._points]
        return found, newest

    def _when(self, record: Any) -> int | None:
        of = self._reading
        if of.time is None:
            return None
        found = at(record, of.time)
        try:
            when = ns_of(None if found is MISSING else found, of.form, of.zone)
        except (ValueError, OverflowError):
            shown = "there is none" if found is MISSING else f"{str(found)[:40]!r}"
            self._troubles.begin(
                "time", f"{self._peer}: a record has no usable time ({shown}); check time, time_format"
            )
            return None
        self._troubles.over("time")
        return when


def _got(value: Any, point: Point, when: int | None) -> Got:
    if value is MISSING or value is None or isinstance(value, (dict, list)):
        status = "missing" if value is MISSING else "null" if value is None else "no_single_value"
        return Got(None, status, source_ts=when)
    if isinstance(value, str):
        if not point.as_number:
            return Got(value, source_ts=when)
        try:
            value = float(value.strip())
        except ValueError:
            return Got(None, "no_number", source_ts=when)
    try:
        of = scaled(float(value), point.scale, point.offset)
    except OverflowError:
        return Got(None, "no_number", source_ts=when)
    return Got(of, source_ts=when) if is_number(of) else Got(None, "not_a_number", source_ts=when)


def _told(error: Exception, timeout: float) -> str:
    import ssl

    import httpx

    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted ({cause.verify_message}); check ca_file, and that url has its name"
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {timeout:g} s; check url and the firewall between, or give a longer timeout"
    return f"no answer ({reason(error)}); check url, and that the server is on"
