"""The HTTP collector against a real HTTP server, plain and with TLS."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from linewarden.collectors.contract import Quality
from linewarden.collectors.http_json import KIND, HttpJson, HttpTag
from tests.collectors.polling_house import certificates, free_port, running, until

QUICK: dict[str, Any] = {"interval": 0.1, "timeout": 1.0, "retry_first": 0.1, "retry_most": 0.3}
DOCUMENT = {
    "time": "2026-11-27T02:00:00+01:00",
    "machines": [{"temp": 21.5, "run": True, "name": "oven", "count": "1234", "none": None, "b c": [1, 2]}],
}
WHEN = 1_795_741_200_000_000_000


@dataclass
class Site:
    """answer: (status, headers, body) of a request."""

    answer: Callable[[BaseHTTPRequestHandler], tuple[int, dict[str, str], bytes]]
    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    open: list[socket.socket] = field(default_factory=list)


@contextmanager
def site(answer: Any, port: int = 0, tls: tuple[Path, Path, Path] | None = None) -> Iterator[Site]:
    found = Site(answer if callable(answer) else lambda _: (200, {}, json.dumps(answer).encode()))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            found.open.append(self.connection)

        def do(self) -> None:
            found.asked.append((self.command, self.headers.get("Authorization", "")))
            status, headers, body = found.answer(self)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass  # a client that hangs up

    server = Server(("127.0.0.1", port), Handler)
    if tls is not None:
        cert, key, ca = tls
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        context.load_verify_locations(ca)
        context.verify_mode = ssl.CERT_REQUIRED
        server.socket = context.wrap_socket(server.socket, server_side=True)
    found.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}/state"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        for connection in found.open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        thread.join(5)


TAGS = (
    HttpTag("TEMPERATURE", "$.machines[0].temp", scale=2.0, offset=1.0, ucum="Cel"),
    HttpTag("RUNS", "machines[0].run"),
    HttpTag("NAME", "$['machines'][-1][\"name\"]"),
    HttpTag("COUNT", "$.machines[0].count", type="number"),
    HttpTag("NULL", "$.machines[0].none"),
    HttpTag("SECOND", "$.machines[0]['b c'][1]"),
    HttpTag("GONE", "$.machines[1].temp"),
    HttpTag("LIST", "$.machines"),
)


def test_values_and_their_time_are_found_by_their_paths() -> None:
    with site(DOCUMENT) as here, running(KIND, HttpJson(here.url, TAGS, time="$.time", **QUICK)) as sink:
        until(lambda: len(here.asked) >= 3)
        assert sink.values() == {
            "TEMPERATURE": 44.0, "RUNS": 1.0, "NAME": "oven", "COUNT": 1234.0, "NULL": None, "SECOND": 2.0,
            "GONE": None, "LIST": None,
        }  # fmt: skip
        assert [sink.last(n).status for n in ("NULL", "GONE", "LIST")] == ["null", "missing", "no_single_value"]
        assert {r.source_ts for r in sink.rows} == {WHEN}
        assert sink.puts == [8]  # the time has not moved: nothing new
        assert {method for method, _ in here.asked} == {"GET"}
        assert sum("missing" in s for s in sink.said) == 1


def test_without_a_time_each_poll_says_that_the_value_holds() -> None:
    etags: list[str | None] = []

    def answer(request: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
        etags.append(request.headers.get("If-None-Match"))
        return (304, {}, b"") if etags[-1] == '"7"' else (200, {"ETag": '"7"'}, b'{"v": 1}')

    with site(answer) as here, running(KIND, HttpJson(here.url, (HttpTag("V", "v"),), **QUICK)) as sink:
        until(lambda: len(sink.of("V")) >= 3)
        assert set(sink.of("V")) == {1.0}
        assert etags[:3] == [None, '"7"', '"7"']


def test_of_a_list_of_records_each_is_taken_once() -> None:
    records = [{"t": at, "v": at * 10} for at in range(5)]

    def answer(_: Any) -> tuple[int, dict[str, str], bytes]:
        body = json.dumps({"items": records[-5:]}).encode()
        records.append({"t": len(records), "v": len(records) * 10})
        return 200, {}, body

    own = HttpJson("", (HttpTag("V", "v"),), rows="$.items", time="t", time_format="s", **QUICK)
    with site(answer) as here:
        settings = HttpJson(**{f: getattr(own, f) for f in own.__slots__} | {"url": here.url})
        with running(KIND, settings) as sink:
            until(lambda: len(sink.rows) >= 8)
        assert sink.of("V") == [at * 10.0 for at in range(len(sink.rows))]
        assert [r.source_ts for r in sink.rows] == [at * 10**9 for at in range(len(sink.rows))]


def test_tls_is_always_checked_and_secrets_go_only_through_it(tmp_path: Path) -> None:
    made, other = certificates(tmp_path / "a", "server", "collector"), certificates(tmp_path / "b", "x")
    own: dict[str, Any] = {"ca_file": made["ca"], "cert_file": made["collector"], "key_file": made["collector.key"]}
    with site(DOCUMENT, tls=(made["server"], made["server.key"], made["ca"])) as here:
        with running(KIND, HttpJson(here.url, TAGS, token="s3cret", **own, **QUICK)) as sink:
            until(lambda: sink.rows)
        assert here.asked[0] == ("GET", "Bearer s3cret")
        with running(KIND, HttpJson(here.url, TAGS, user="u", password="p", **own, **QUICK)) as sink:
            until(lambda: sink.rows)
        assert here.asked[-1] == ("GET", "Basic " + base64.b64encode(b"u:p").decode())
        count = len(here.asked)
        with running(
            KIND, HttpJson(here.url, TAGS, token="s3cret", **{**own, "ca_file": other["ca"]}, **QUICK)
        ) as sink:
            until(sink.downs)
        assert "certificate is not accepted" in sink.said[0] and "s3cret" not in "".join(sink.said)
        with running(KIND, HttpJson(here.url.replace("127.0.0.1", "localhost"), TAGS, **own, **QUICK)) as sink:
            until(sink.downs)
        assert len(here.asked) == count


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (lambda _: (401, {}, b""), "check token"),
        (lambda _: (503, {}, b""), "it answers 503"),
        (lambda _: (302, {"Location": "http://10.0.0.1/"}, b""), "redirects are not followed"),
        (lambda _: (200, {}, b"<html>"), "no JSON"),
        (lambda _: (200, {}, b"[" * 100_000), "nested too deep"),
        (lambda _: (200, {"Content-Encoding": "gzip"}, b"x"), "no JSON"),
    ],
)
def test_what_is_wrong_is_told_once_with_the_way_out(answer: Any, text: str) -> None:
    with site(answer) as here, running(KIND, HttpJson(here.url, TAGS, **QUICK)) as sink:
        until(lambda: len(here.asked) >= 3)
        (down,) = sink.downs()
        assert text in down and "\n" not in down
        assert not sink.rows


def test_a_slow_or_endless_answer_has_an_end() -> None:
    def slow(request: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
        request.send_response(200)
        request.end_headers()
        for _ in range(100):
            request.wfile.write(b" ")
            request.wfile.flush()
            time.sleep(0.05)
        return 200, {}, b""

    with site(slow) as here, running(KIND, HttpJson(here.url, TAGS, **{**QUICK, "timeout": 0.3})) as sink:
        until(sink.downs, 5)
        assert "no whole answer within 0.3 s" in sink.said[0]


def test_a_restart_is_a_gap() -> None:
    port = free_port()
    settings = HttpJson(f"http://127.0.0.1:{port}/state", TAGS[:2], **QUICK)
    with running(KIND, settings) as sink:
        with site(DOCUMENT, port):
            until(lambda: len(sink.puts) >= 3)
        until(lambda: len(sink.downs()) >= 1 and sink.last("RUNS").quality is Quality.BAD)
        with site(DOCUMENT, port):
            until(lambda: any("polls missed" in s for s in sink.said))
            assert sink.last("RUNS").value == 1.0


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        (HttpJson("ftp://x/", TAGS), "url"),
        (HttpJson("http://u:p@x/", TAGS), "url"),
        (HttpJson("http://x/", TAGS, token="t"), "url"),
        (HttpJson("https://x/", TAGS, token="t", user="u"), "token"),
        (HttpJson("https://x/", TAGS, rows="$.a"), "time"),
        (HttpJson("https://x/", TAGS, zone="Mars"), "zone"),
        (HttpJson("https://x/", TAGS, time_format="iso8601"), "time_format"),
        (HttpJson("https://x/", (HttpTag("A", "$..a"),)), "tags[0].path"),
        (HttpJson("https://x/", (HttpTag("A", "a"), HttpTag("A", "b"))), "tags[1].name"),
        (HttpJson("https://x/", ()), "tags"),
    ],
)
def test_wrong_settings_name_the_field(settings: HttpJson, field: str) -> None:
    assert KIND.check is not None
    assert [f for f, _ in KIND.check(settings)] == [field]


def test_records_are_not_taken_again_after_a_restart_of_ours(tmp_path: Path) -> None:
    items = [{"t": at, "v": at * 10} for at in range(1, 4)]
    own = HttpJson(
        "", (HttpTag("V", "v"),), rows="$.items", time="t", time_format="s", state=tmp_path / "d" / "log.json", **QUICK
    )
    with site(lambda _: (200, {}, json.dumps({"items": items}).encode())) as here:
        settings = replace(own, url=here.url)
        with running(KIND, settings) as sink:
            until(lambda: len(sink.rows) >= 3)
            asked = len(here.asked)
            until(lambda: len(here.asked) > asked)
        items.append({"t": 4, "v": 40})
        with running(KIND, settings) as sink:
            until(lambda: len(sink.rows) >= 1)
            assert sink.of("V") == [40.0]
