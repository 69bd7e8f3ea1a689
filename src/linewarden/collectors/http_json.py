"""HTTP collector: reads a JSON document with GET, again and again. It sends nothing else, and follows no redirect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Literal
from urllib.parse import urlsplit

from linewarden.collectors._polling import usual
from linewarden.collectors._polling.json_path import steps_of
from linewarden.collectors._polling.times import zone_of
from linewarden.collectors.contract import Kind, Sink, Tag, setting


@dataclass(frozen=True, slots=True)
class HttpTag:
    """One value of the document."""

    name: str = setting("name, unique in the source", examples=("OVEN.TEMPERATURE",))
    path: str = setting("where it is in the document, or in a record of rows", examples=("$.machines[0].temperature",))
    type: Literal["as_is", "number"] = setting("number: also where it is a number in quotes", default="as_is")
    scale: float = usual.scale("what is said")
    offset: float = usual.offset()
    ucum: str = usual.ucum()
    description: str = usual.description()
    low: float | None = usual.low()
    high: float | None = usual.high()


@dataclass(frozen=True, slots=True)
class HttpJson:
    """An endpoint, and what is read from it."""

    url: str = setting("what is read with GET", examples=("https://10.0.0.20/api/state",))
    tags: tuple[HttpTag, ...] = setting("what is taken from the document")
    device: str = usual.device("the host of url")
    rows: str = setting(
        "path to a list of records, where the document has one; those newer than before are taken", default=""
    )
    time: str = setting(
        "path to the time of the values, in the document or record", default="", examples=("$.timestamp",)
    )
    time_format: str = usual.time_format()
    zone: str = usual.zone()
    state: Path | None = usual.state()
    interval: float = setting("how often it is read", default=5.0, unit="s", least=0.1, most=86_400)
    timeout: float = setting("how long the whole answer may take", default=10.0, unit="s", least=0.05, most=300)
    token: str = setting("bearer token", default="", secret=True)
    user: str = setting("user name for basic authentication", default="")
    password: str = setting("password of the user", default="", secret=True)
    ca_file: Path | None = setting("who signs the server's certificate (PEM); else who the system trusts", default=None)
    cert_file: Path | None = setting("our certificate (PEM), where the server asks for one", default=None)
    key_file: Path | None = setting("its key (PEM, no password)", default=None)
    retry_first: float = usual.retry_first()
    retry_most: float = usual.retry_most()


def check(settings: HttpJson) -> list[tuple[str, str]]:
    """What is wrong with settings that are right one by one."""
    return [*_of_source(settings), *usual.wrong_tags(settings.tags, _of_tag)]


def _of_tag(tag: HttpTag) -> Iterator[tuple[str, str]]:
    try:
        steps_of(tag.path)
    except ValueError as error:
        yield "path", str(error)


def _of_source(s: HttpJson) -> Iterator[tuple[str, str]]:
    if not s.tags:
        yield "tags", "nothing to take; add [[collector.tags]] with name and path"
    url = urlsplit(s.url)
    if url.scheme not in ("http", "https") or not url.hostname:
        yield "url", f"{s.url[:80]} is no address of the web; use https://HOST/PATH"
    elif url.username or url.password:
        yield "url", "holds a user or password; give user and password of their own"
    elif url.scheme == "http" and (s.token or s.password):
        yield "url", "would show the secret to all on the way; use https"
    elif url.scheme == "http" and (s.ca_file or s.cert_file):
        yield "url", "certificates are for https; use https, or leave them out"
    if s.token and s.user:
        yield "token", "is there beside a user; give one of the two"
    if s.rows and not s.time:
        yield "time", "of a list of records their time must be known; give its path"
    if bool(s.cert_file) != bool(s.key_file):
        yield "cert_file", "needs its key; give cert_file and key_file"
    yield from _of_words(s)


def _of_words(s: HttpJson) -> Iterator[tuple[str, str]]:
    for field, text in (("rows", s.rows), ("time", s.time)):
        try:
            steps_of(text)
        except ValueError as error:
            yield field, str(error)
    yield from usual.wrong_times(s.zone, s.time_format)


def run(settings: HttpJson, sink: Sink, stop: Event) -> None:
    """Reads until `stop` is set."""
    from linewarden.collectors._polling.http_session import HttpSession, Point, Reading, Way
    from linewarden.collectors._polling.loop import Poller

    s = settings
    url = urlsplit(s.url)
    host = url.hostname or ""
    peer = f"{host}:{url.port or (443 if url.scheme == 'https' else 80)}"
    points = []
    for t in s.tags:
        of = Tag(s.device or host, "http", t.name, None, None, None, t.ucum, t.description, "", t.low, t.high)
        points.append(Point(sink.tag(of), t.name, steps_of(t.path), t.type == "number", t.scale, t.offset))
    headers = {"Authorization": f"Bearer {s.token}"} if s.token else {}
    auth = (s.user, s.password) if s.user else None
    way = Way(s.url, s.timeout, headers, auth, s.ca_file, s.cert_file, s.key_file)
    reading = Reading(
        steps_of(s.rows) if s.rows else None, steps_of(s.time) if s.time else None, s.time_format, zone_of(s.zone)
    )  # fmt: skip
    session = HttpSession(way, points, reading, sink, peer, s.state)
    Poller(session, {"all": s.interval}, sink, peer, (s.retry_first, s.retry_most)).run(stop)


LOADS = (
    "encodings.idna",
    "ssl",
    "httpx",
    "linewarden.collectors._polling.loop",
    "linewarden.collectors._polling.http_session",
)
KIND = Kind("http_json", "HTTP with JSON (GET)", HttpJson, run, loads=LOADS, check=check)
