"""What really arrives at receivers that really listen, and what is said when they do not take it."""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
import hmac
import json
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from linewarden.errors import ConfigError
from linewarden.service.exporting.carrier import Carrier, DeliveryError
from linewarden.service.exporting.destination import destination, without_path
from linewarden.service.exporting.mail import Mailer, Post
from linewarden.service.exporting.opening import open_carrier
from linewarden.service.exporting.tls import client_context
from tests.cases.test_export import ALL, DOWNLOAD, SWEEP, read_cef, read_syslog
from tests.service.exporting.receivers import (
    Hook,
    Listening,
    MailServer,
    SyslogServer,
    certificate,
    running,
    server_context,
    until,
)  # fmt: skip


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def opened() -> Iterator[list[Carrier]]:
    """What is put in is closed at the end."""
    found: list[Carrier] = []
    yield found
    for carrier in found:
        carrier.close()


def carrier(opened: list[Carrier], url: str, form: str = "auto", **files: Path) -> Carrier:
    opened.append(open_carrier(destination(url).with_files(**files), form))
    return opened[-1]


# --- syslog ---


@pytest.mark.parametrize("scheme", ["tcp", "tls"])
def test_syslog_arrives_whole_and_in_order(scheme: str, pair: tuple[Path, Path], opened: list[Carrier]) -> None:
    with running(SyslogServer(server_context(*pair) if scheme == "tls" else None)) as server:
        url = f"syslog+{scheme}://localhost:{server.port}" + (f"?ca={pair[0]}" if scheme == "tls" else "")
        way = carrier(opened, url)
        assert way.send(ALL) == []
        assert way.send([DOWNLOAD]) == []
        until(lambda: len(server.messages) == len(ALL) + 1)
        read = [read_syslog(m) for m in server.messages]
        assert [data["linewarden@32473"]["id"] for _, data, _ in read] == [e.notice_id for e in (*ALL, DOWNLOAD)]
        assert read_cef(read[0][2])[1]["msg"] == DOWNLOAD.msg
        assert server.accepted == 1, "one connection is enough"


def test_a_server_with_another_certificate_gets_nothing(
    pair: tuple[Path, Path], tmp_path: Path, opened: list[Carrier]
) -> None:
    other, _ = certificate(tmp_path)
    with running(SyslogServer(server_context(*pair))) as server:
        with pytest.raises(DeliveryError, match="certificate is not accepted") as caught:
            carrier(opened, f"syslog+tls://localhost:{server.port}?ca={other}").send([DOWNLOAD])
        assert caught.value.taken == 0 and server.messages == []


def test_a_certificate_of_another_name_is_not_enough(tmp_path: Path, opened: list[Carrier]) -> None:
    cert, key = certificate(tmp_path, "elsewhere.example", "192.0.2.1")
    with running(SyslogServer(server_context(cert, key))) as server:
        with pytest.raises(DeliveryError, match="certificate is not accepted"):
            carrier(opened, f"syslog+tls://localhost:{server.port}?ca={cert}").send([DOWNLOAD])
        assert server.messages == []


def test_a_server_that_asks_for_our_certificate_gets_it(pair: tuple[Path, Path], opened: list[Carrier]) -> None:
    context = server_context(*pair)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(pair[0])
    with running(SyslogServer(context)) as server:
        cert, key = pair
        known = carrier(opened, f"syslog+tls://localhost:{server.port}?ca={cert}&cert={cert}&key={key}")
        known.send([DOWNLOAD])
        until(lambda: server.messages)
        known.close()
        without = carrier(opened, f"syslog+tls://localhost:{server.port}?ca={cert}")
        with pytest.raises(DeliveryError, match="certificate"):  # TLS 1.3: it is refused after the handshake
            without.send([SWEEP])
        assert len(server.messages) == 1


class Deaf(Listening):
    """Hangs up after a while: as a server does that is far away and wants another certificate."""

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        super().__init__()

    def serve(self, connection: socket.socket) -> None:
        time.sleep(self._after_s)


@pytest.mark.parametrize("after_s", [0.0, 0.1])
def test_what_a_server_did_not_take_is_not_said_to_be_taken(after_s: float, opened: list[Carrier]) -> None:
    with running(Deaf(after_s)) as server:
        way = carrier(opened, f"syslog+tcp://127.0.0.1:{server.port}")
        for _ in range(3):
            with pytest.raises(DeliveryError) as caught:
                way.send(ALL)
            assert caught.value.taken == 0


def test_a_connection_that_was_ended_is_opened_anew(opened: list[Carrier]) -> None:
    with running(SyslogServer()) as server:
        way = carrier(opened, f"syslog+tcp://127.0.0.1:{server.port}")
        way.send([DOWNLOAD])
        until(lambda: server.messages)
        server.hang_up()
        with pytest.raises(DeliveryError, match="ended the connection"):
            way.send([SWEEP])
        way.send([SWEEP])
        until(lambda: read_syslog(server.messages[-1])[0]["msgid"] == "port_sweep")


def test_udp_is_a_datagram_each(opened: list[Carrier]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        way = carrier(opened, f"syslog+udp://127.0.0.1:{server.getsockname()[1]}")
        long = replace(DOWNLOAD, notice_id="long", frames=tuple(range(30_000)))
        assert way.send([DOWNLOAD, SWEEP]) == []
        ids = [read_syslog(server.recv(65_535))[1]["linewarden@32473"]["id"] for _ in range(2)]
        assert ids == [DOWNLOAD.notice_id, SWEEP.notice_id]
        (line,) = carrier(opened, f"syslog+udp://127.0.0.1:{server.getsockname()[1]}", "json").send([long])
        assert line.startswith("long: ") and "TCP" in line


def test_udp_where_nobody_listens_is_said(opened: list[Carrier]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
    with pytest.raises(DeliveryError, match="refused"):
        carrier(opened, f"syslog+udp://127.0.0.1:{port}").send([DOWNLOAD])


# --- webhook ---


def test_a_webhook_gets_signed_notices_each_with_its_id(
    pair: tuple[Path, Path], tmp_path: Path, opened: list[Carrier]
) -> None:
    (token, secret) = tmp_path / "token", tmp_path / "secret"
    token.write_text("t0ken\n")
    secret.write_text("s3cret\n")
    with running(Hook(tls=server_context(*pair))) as hook:
        url = f"https://localhost:{hook.port}/hook?x=1"
        way = carrier(opened, url, "ocsf", ca=pair[0], token_file=token, secret_file=secret)
        assert way.send([DOWNLOAD, SWEEP]) == []
        path, headers, body = hook.requests[0]
        assert path == "/hook?x=1" and headers["Authorization"] == "Bearer t0ken"
        assert headers["X-Linewarden-Signature"] == "sha256=" + hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
        assert headers["X-Linewarden-Id"] == headers["Idempotency-Key"] == DOWNLOAD.notice_id
        assert json.loads(body)["class_uid"] == 2004
        assert json.loads(hook.requests[1][2])["finding_info"]["uid"] == SWEEP.notice_id


def test_a_webhook_that_fails_first_gets_the_rest_later(opened: list[Carrier]) -> None:
    with running(Hook((204, {}), (503, {"Retry-After": "7"}))) as hook:
        way = carrier(opened, f"http://127.0.0.1:{hook.port}/")
        with pytest.raises(DeliveryError, match="503") as caught:
            way.send(ALL)
        assert (caught.value.taken, caught.value.wait_s) == (1, 7.0)
        assert way.send(ALL[caught.value.taken :]) == []
        ids = [headers["X-Linewarden-Id"] for _, headers, _ in hook.requests]
        assert ids == [ALL[0].notice_id, ALL[1].notice_id, *(e.notice_id for e in ALL[1:])]


def test_what_a_webhook_will_never_take_does_not_hold_up_the_others(opened: list[Carrier]) -> None:
    with running(Hook((400, {}), (204, {}), (413, {}))) as hook:
        refused = carrier(opened, f"http://127.0.0.1:{hook.port}/").send(ALL)
        assert [line.partition(":")[0] for line in refused] == [ALL[0].notice_id, ALL[2].notice_id]
        assert len(hook.requests) == len(ALL)


@pytest.mark.parametrize("status", [301, 401, 404, 429, 500])
def test_every_other_refusal_may_pass(status: int, opened: list[Carrier]) -> None:
    with running(Hook((status, {"Location": "http://127.0.0.1:9/"}))) as hook:
        with pytest.raises(DeliveryError, match=str(status)):
            carrier(opened, f"http://127.0.0.1:{hook.port}/").send([DOWNLOAD])
        assert len(hook.requests) == 1, "no redirect is followed"


def test_a_webhook_that_ends_idle_connections_is_asked_again(opened: list[Carrier]) -> None:
    with running(Hook()) as hook:
        hook.close_after = True
        way = carrier(opened, f"http://127.0.0.1:{hook.port}/")
        assert way.send(ALL) == [] and way.send(ALL) == []
        assert len(hook.requests) == 2 * len(ALL)


# --- mail ---


def post(server: MailServer, security: str = "starttls", to: tuple[str, ...] = ("shift@plant.example",)) -> Post:
    return Post("localhost", server.port, security, "lw@plant.example", to, "s1", "me", "pass")


def test_a_digest_arrives_encrypted_as_text_and_html(pair: tuple[Path, Path]) -> None:
    hostile = replace(SWEEP, msg="<script>alert(1)</script>\r\nBcc: x@y", expected="window of Tuesday")
    with running(MailServer(server_context(*pair))) as server:
        assert Mailer(post(server), client_context(pair[0])).send([hostile, DOWNLOAD]) == []
        (raw,) = server.mails
        assert server.logins == [base64.b64encode(b"\0me\0pass")]
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert mail["Subject"] == "Linewarden s1: 1 high, 1 medium" and mail["Bcc"] is None
    text = mail.get_body(("plain",)).get_content()
    assert text.index(DOWNLOAD.title) < text.index(hostile.title), "the worst first"
    assert "First: Ask who did it." in text and "Expected: window of Tuesday" in text
    html = mail.get_body(("html",)).get_content()
    assert "&lt;script&gt;" in html and "<script>" not in html


def test_the_same_digest_again_has_the_same_message_id() -> None:
    with running(MailServer()) as server:
        for _ in range(2):
            Mailer(post(server, "none"), None).send([DOWNLOAD])
        found = [email.message_from_bytes(m)["Message-ID"] for m in server.mails]
    assert len(found) == 2 and len(set(found)) == 1


def test_no_mail_goes_out_in_the_clear_where_starttls_was_asked_for(pair: tuple[Path, Path]) -> None:
    with running(MailServer()) as server:  # which offers none
        with pytest.raises(DeliveryError, match="STARTTLS"):
            Mailer(post(server), client_context(pair[0])).send([DOWNLOAD])
        assert server.mails == [] and server.logins == []


def test_a_mailbox_that_is_refused_is_named_and_the_others_get_it() -> None:
    with running(MailServer(refuse="gone@")) as server:
        way = Mailer(post(server, "none", ("shift@plant.example", "gone@plant.example")), None)
        with pytest.raises(DeliveryError, match=r"gone@plant\.example") as caught:
            way.send([DOWNLOAD, SWEEP])
        assert caught.value.taken == 2 and len(server.mails) == 1


# --- where to ---


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("siem", "no scheme"),
        ("ftp://siem/x", "ftp: not known"),
        ("http://siem.plant/hook", "use https"),
        ("https://u:p@siem.plant/hook", "token into a file"),
        ("https://", "names no host"),
        ("syslog+tls://siem:99999", "no URL"),
        ("syslog+tls://siem/path", "no path"),
        ("syslog+tls://siem?cafile=x", "?ca=FILE"),
        ("syslog+udp://siem?ca=x", "of no use without encryption"),
        ("https://siem.plant/a b", "%XX"),
    ],
)
def test_a_wrong_receiver_is_said_without_its_secrets(url: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        destination(url)
    text = str(caught.value)
    assert said in text and "/hook" not in text and "u:p" not in text


def test_no_line_end_comes_into_a_request() -> None:
    """urlsplit takes them out of a URL, as browsers do."""
    assert destination("https://siem.plant/a\r\nHost:x").path == "/aHost:x"


def test_what_is_shown_of_a_webhook_has_no_path() -> None:
    assert str(destination("https://hooks.example/services/T0/SECRET")) == "https://hooks.example:443"
    assert "SECRET" not in without_path("https://hooks.example/services/T0/SECRET?token=SECRET")


def test_ports_are_the_registered_ones() -> None:
    urls = ("syslog+udp://h", "syslog+tcp://h", "syslog+tls://[fe80::1]", "https://h")
    assert [destination(u).port for u in urls] == [514, 601, 6514, 443]


@pytest.mark.parametrize("content", [None, "", "a\nb\n"])
def test_a_secret_that_cannot_be_used_is_said_before_anything_is_sent(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError, match="token"):
        open_carrier(destination("https://h/x").with_files(token_file=file))
