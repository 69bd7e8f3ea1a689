"""HTTP collector: reads a JSON document with GET, again and again. It sends nothing else, and follows no redirect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Literal
from urllib.parse import urlsplit

from linewarden.collectors._polling.json_path import steps_of
from linewarden.collectors._polling.times import zone_of
from linewarden.collectors.contract import Kind, Sink, Tag, setting


@dataclass(frozen=True, slots=True)
class HttpTag:
    """One value of the document."""

    name: str = setting("name, unique in the source", examples=("OVEN.TEMPERATURE",))
    path: str = setting("where it is in the document, or in a record of rows", examples=("$.machines[0].temperature",))
    type: Literal["as_is", "number"] = setting("number: also where it is a number in quotes", default="as_is")
    scale: float = setting("the value is what is said, times scale, plus offset", default=1.0)
    offset: float = setting("see scale; in the unit of the value", default=0.0)
    ucum: str = setting("unit of the value in UCUM's code", default="", examples=("Cel",))
    description: str = setting("for people", default="")
    low: float | None = setting("least value of the range", default=None)
    high: float | None = setting("greatest value of the range", default=None)


@dataclass(frozen=True, slots=True)
class HttpJson:
    """An endpoint, and what is read from it."""

    url: str = setting("what is read with GET", examples=("https://10.0.0.20/api/state",))
    tags: tuple[HttpTag, ...] = setting("what is taken from the document")
    device: str = setting("name the values are kept under; the host of url if empty", default="")
    rows: str = setting(
        "path to a list of records, where the document has one; those newer than before are taken", default=""
    )
    time: str = setting(
        "path to the time of the values, in the document or record", default="", examples=("$.timestamp",)
    )
    time_format: str = setting("iso, s, ms, us or ns since 1970, or a format such as %d.%m.%Y %H:%M:%S", default="iso")
    zone: str = setting("zone of times that say none", default="UTC", examples=("Europe/Berlin",))
    state: Path | None = setting(
        "file that remembers what was taken, over a restart of ours; without: collectors/NAME.json in the data folder",
        default=None,
    )
    interval: float = setting("how often it is read", default=5.0, unit="s", least=0.1, most=86_400)
    timeout: float = setting("how long the whole answer may take", default=10.0, unit="s", least=0.05, most=300)
    token: str = setting("bearer token", default="", secret=True)
    user: str = setting("user name for basic authentication", default="")
    password: str = setting("password of the user", default="", secret=True)
    ca_file: Path | None = setting("who signs the server's certificate (PEM); else who the system trusts", default=None)
    cert_file: Path | None = setting("our certificate (PEM), where the server asks for one", default=None)
    key_file: Path | None = setting("its key (PEM, no password)", default=None)
    retry_first: float = setting("wait after a loss; doubled each time", default=1.0, unit="s", least=0.05, most=3600)
    retry_most: float = setting("longest wait after a loss", default=60.0, unit="s", least=0.05, most=86_400)


def check(settings: HttpJson) -> list[tuple[str, str]]:
    """What is wrong with settings that are right one by one."""
    found = list(_of_source(settings))
    seen: set[str] = set()
    for number, tag in enumerate(settings.tags):
        if tag.name in seen:
            found.append((f"tags[{number}].name", f"{tag.name} is there twice; give each tag a name of its own"))
        seen.add(tag.name)
        try:
            steps_of(tag.path)
        except ValueError as error:
            found.append((f"tags[{number}].path", f"{tag.name}: {error}"))
        if tag.low is not None and tag.high is not None and tag.low >= tag.high:
            found.append((f"tags[{number}].low", f"{tag.name}: is not below high ({tag.low:g}, {tag.high:g})"))
    return found


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
    try:
        zone_of(s.zone)
    except ValueError as error:
        yield "zone", str(error)
    if s.time_format not in ("iso", "s", "ms", "us", "ns") and "%" not in s.time_format:
        yield "time_format", f"is {s.time_format}; use iso, s, ms, us, ns, or a format such as %d.%m.%Y %H:%M:%S"


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
