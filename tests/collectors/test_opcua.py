"""opcua.py: settings, values of every kind, security and users, against servers on asyncua."""

from __future__ import annotations

import math
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("asyncua")

from linewarden.collectors.catalogue import kinds
from linewarden.collectors.contract import Quality
from linewarden.collectors.opcua import KIND, OpcUa, check
from tests.collectors.opcua_certificates import make
from tests.collectors.opcua_house import MemorySink, Server, collecting, until

PLAIN = OpcUa(endpoint="", security="None", trees=("Objects",), publishing_ms=100, keepalive_s=2, timeout_s=5)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server("asyncua", kinds=True, every_ms=100) as s:
        yield s


@pytest.fixture(scope="module")
def taken(server: Server) -> MemorySink:
    """Everything that the server has, for a while."""
    sink = MemorySink()
    with collecting(replace(PLAIN, endpoint=server.url), sink):
        until(lambda: len(sink.numbers("Line1/Counter")) > 10)
    return sink


def test_kind_is_found_and_asyncua_is_not_loaded_for_it() -> None:
    assert kinds()["opcua"] is KIND
    code = "import sys, linewarden.collectors.opcua; sys.exit('asyncua' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


GOOD = OpcUa(endpoint="opc.tcp://10.0.0.5:4840", pki=Path("/pki"), nodes=("ns=2;s=T",))


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        (replace(GOOD, endpoint="http://x"), "endpoint"),
        (replace(GOOD, endpoint="opc.tcp://user:pw@host:4840"), "endpoint"),
        (replace(GOOD, pki=None), "pki"),
        (replace(GOOD, user="a", user_certificate=Path("b"), user_key="c"), "user"),
        (replace(GOOD, user_certificate=Path("b")), "user_key"),
        (replace(GOOD, nodes=()), "nodes"),
        (replace(GOOD, deadband=1.0, deadband_percent=1.0), "deadband"),
        (replace(GOOD, publishing_ms=1), "publishing_ms"),
        (replace(GOOD, queue=0), "queue"),
    ],
)
def test_wrong_settings_are_named(settings: OpcUa, field: str) -> None:
    assert [f for f, _ in check(settings)] == [field]


def test_right_settings_pass() -> None:
    assert check(GOOD) == [] == check(replace(PLAIN, endpoint="opc.tcp://h:4840"))


def first(sink: MemorySink, name: str) -> tuple[float | None, str | None]:
    row = sink.of(f"Line1/Kinds/{name}")[0]
    return (None if math.isnan(row["value"]) else row["value"]), row["text"]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("Bool", 1.0, None),
        ("Int64", -(2.0**40), None),
        ("Byte", 200.0, None),
        ("Float", 1.5, None),
        ("Text", None, "Größe 7"),
        ("Time", None, "2026-03-04T05:06:07.25Z"),
        ("Array[2]", 3.0, None),
        ("Texts[1]", None, "b"),
        ("Label", None, "ready"),
        ("Bytes", None, "01ff"),
        ("Matrix[1,0]", 4.0, None),
        ("State", 2.0, None),
        ("Robot.Name", None, "R1"),
        ("Robot.At.Y", 4.0, None),
        ("Robot.Axes[1]", 0.25, None),
    ],
)
def test_values_of_each_kind(taken: MemorySink, name: str, value: float | None, text: str | None) -> None:
    assert first(taken, name) == (value, text)


def test_optional_field_that_is_not_there_is_no_tag(taken: MemorySink) -> None:
    assert not taken.of("Line1/Kinds/Robot.Load")


def test_tag_carries_what_the_server_says(taken: MemorySink) -> None:
    tag = taken.info("Line1/Kinds/Temperature")
    assert (tag.source, tag.protocol, tag.ucum, tag.low, tag.high) == ("127.0.0.1", "opcua", "Cel", -40.0, 120.0)
    assert (tag.datatype, tag.description) == ("Double", "of the oil")
    assert "0 = Off, 1 = Manual, 2 = Auto" in taken.info("Line1/Kinds/State").description


def test_status_is_quality_and_words(taken: MemorySink) -> None:
    bad, limit, good = (taken.of(n)[0] for n in ("Line1/Kinds/Broken", "Line1/Kinds/AtLimit", "Line1/Kinds/Float"))
    assert (bad["quality"], bad["status"]) == (Quality.BAD, "BadSensorFailure")
    assert (limit["quality"], limit["status"]) == (Quality.UNCERTAIN, "UncertainSensorNotAccurate, high limit")
    assert (good["quality"], good["status"]) == (Quality.GOOD, None)


def test_both_times_are_kept(taken: MemorySink) -> None:
    row = taken.of("Line1/Counter")[-1]
    now = time.time_ns()
    assert abs(now - row["source_ts"]) < 60 * 10**9 and abs(now - row["server_ts"]) < 60 * 10**9


def test_properties_and_the_servers_own_are_no_tags(taken: MemorySink) -> None:
    names = {t.name for t in taken.tags}
    assert not [n for n in names if "EURange" in n or n.startswith("Server")]


def test_none_is_said(taken: MemorySink) -> None:
    assert any("security is None as configured" in s for s in taken.said)
    assert taken.ups == ["127.0.0.1"] and not taken.downs


def test_nodes_paths_and_patterns(server: Server) -> None:
    sink = MemorySink()
    settings = replace(
        PLAIN,
        endpoint=server.url,
        source="press 1",
        nodes=("COUNT = nsu=urn:test:line;i=1001", "ns=2;s=Nothing", "nsu=urn:nobody;i=1", "what"),
        paths=("Line1/2:Kinds/Float", "BOOL = /Objects/Line1/Kinds/Bool", "Line1/Nowhere"),
        trees=("Line1/Kinds",),
        include=("*/T*",),
        exclude=("*/Text*",),
    )
    with collecting(settings, sink):
        until(lambda: {t.name for t in sink.tags} >= {"COUNT", "BOOL", "Line1/Kinds/Temperature"})
    names = {"COUNT", "Line1/Kinds/Float", "BOOL", "Line1/Kinds/Temperature", "Line1/Kinds/Time"}
    assert {t.name for t in sink.tags} == names
    assert {t.source for t in sink.tags} == {"press 1"}
    said = " ".join(sink.said)
    assert "no namespace 'urn:nobody'" in said and "what: this is no node id" in said
    assert "1 tags are refused with BadNodeIdUnknown" in said


def test_nothing_of_what_is_configured_is_there(server: Server) -> None:
    sink = MemorySink()
    with collecting(replace(PLAIN, endpoint=server.url, trees=("Line9",)), sink):
        until(lambda: sink.downs)
    assert "none of the variables that are configured" in sink.downs[0]


def test_server_that_is_not_there_is_one_line() -> None:
    sink = MemorySink()
    with collecting(replace(PLAIN, endpoint="opc.tcp://127.0.0.1:1/x"), sink):
        until(lambda: sink.downs)
    assert "nothing listens at opc.tcp://127.0.0.1:1/x" in sink.downs[0]


POLICIES = ("Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss")
OFFERED = [f"{p.replace('_', '')}_{m}" for p in POLICIES for m in ("Sign", "SignAndEncrypt")]


@pytest.fixture(scope="module")
def safe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with every policy, that wants a user."""
    folder = make().write(tmp_path_factory.mktemp("server"))
    tokens = ["AnonymousIdentityToken", "UserNameIdentityToken", "X509IdentityToken"]
    options = {"policies": [*OFFERED, "NoSecurity"], "tokens": tokens, "users": {"reader": "pass word"}}
    with Server("asyncua", pki=str(folder), **options) as s:
        yield s


def trusting(tmp_path: Path, safe: Server) -> OpcUa:
    trusted = tmp_path / "pki" / "trusted"
    trusted.mkdir(parents=True, exist_ok=True)
    (trusted / "server.der").write_bytes((Path(safe.options["pki"]) / "cert.der").read_bytes())
    return replace(
        PLAIN, endpoint=safe.url, security="Basic256Sha256", pki=tmp_path / "pki", user="reader",
        password="pass word", trees=("Line1",),
    )  # fmt: skip


@pytest.mark.parametrize("mode", ["Sign", "SignAndEncrypt"])
@pytest.mark.parametrize("policy", POLICIES)
def test_each_policy_and_mode(tmp_path: Path, safe: Server, policy: Any, mode: Any) -> None:
    sink = MemorySink()
    with collecting(replace(trusting(tmp_path, safe), security=policy, mode=mode), sink):
        until(lambda: sink.rows or sink.downs)
    assert sink.rows, sink.downs
    assert any("our certificate is made" in s for s in sink.said)


def test_user_by_certificate(tmp_path: Path, safe: Server) -> None:
    who = make("reader certificate")
    (tmp_path / "user.der").write_bytes(who.der)
    settings = replace(
        trusting(tmp_path, safe),
        user="",
        password="",
        user_certificate=tmp_path / "user.der",
        user_key=who.pem.decode(),
    )
    sink = MemorySink()
    with collecting(settings, sink):
        until(lambda: sink.rows or sink.downs)
    assert sink.rows, sink.downs


def test_server_that_nobody_trusts_is_not_spoken_to(tmp_path: Path, safe: Server) -> None:
    settings = trusting(tmp_path, safe)
    (tmp_path / "pki" / "trusted" / "server.der").unlink()
    sink = MemorySink()
    with collecting(settings, sink):
        until(lambda: sink.downs)
        assert "is not trusted: compare its SHA-256" in sink.downs[0] and not sink.rows
        (kept,) = (tmp_path / "pki" / "rejected").iterdir()
        kept.rename(tmp_path / "pki" / "trusted" / kept.name)
        until(lambda: sink.rows, 30, "a person's trust is taken without a restart")


def test_wrong_password_is_said_with_the_way_out(tmp_path: Path, safe: Server) -> None:
    sink = MemorySink()
    with collecting(replace(trusting(tmp_path, safe), password="hush hush"), sink):
        until(lambda: sink.downs)
    assert "check user and password" in sink.downs[0]
    assert "hush" not in " ".join(sink.downs + sink.said)


def test_policy_that_is_not_offered_tells_what_is(server: Server, tmp_path: Path) -> None:
    sink = MemorySink()
    with collecting(replace(PLAIN, endpoint=server.url, security="Basic256Sha256", pki=tmp_path), sink):
        until(lambda: sink.downs)
    assert "does not offer Basic256Sha256/SignAndEncrypt, but None/None" in sink.downs[0]


def test_password_never_goes_in_the_clear(safe: Server, server: Server) -> None:
    for at in (safe, server):
        sink = MemorySink()
        with collecting(replace(PLAIN, endpoint=at.url, user="reader", password="pass word"), sink):
            until(partial(len, sink.downs))
        assert "password would be readable" in sink.downs[0]


@pytest.mark.slow
def test_server_that_comes_back_with_another_certificate_is_a_new_one(tmp_path: Path) -> None:
    folder = make("first").write(tmp_path / "server")
    with Server("asyncua", pki=str(folder), policies=OFFERED) as s:
        sink = MemorySink()
        settings = replace(trusting(tmp_path, s), user="", password="")
        with collecting(settings, sink):
            until(lambda: sink.rows)
            s.stop()
            make("second").write(folder)
            s.start()
            until(lambda: any("is not trusted" in d for d in sink.downs), 60)
            before = len(sink.rows)
            (kept,) = (tmp_path / "pki" / "rejected").iterdir()
            kept.rename(tmp_path / "pki" / "trusted" / kept.name)
            until(lambda: len(sink.rows) > before, 60)


def test_keys_of_the_channel_are_renewed(tmp_path: Path, safe: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from linewarden.collectors._opcua import link

    clients, made = [], link._client

    def short(*given: Any) -> Any:
        clients.append(made(*given))
        clients[-1].secure_channel_timeout = 1000
        return clients[-1]

    monkeypatch.setattr(link, "_client", short)
    sink = MemorySink()
    with collecting(trusting(tmp_path, safe), sink):
        until(lambda: sink.rows)
        time.sleep(4)
        before = len(sink.rows)
        until(lambda: len(sink.rows) > before + 5)
        token = clients[-1].uaclient.protocol._connection.security_token.TokenId
    assert not sink.downs and token > 2


GARBAGE = {
    "closes": b"",
    "text": b"HTTP/1.1 400 Bad Request\r\n\r\n" * 4,
    "zeros": bytes(64),
    "error": b"ERRF" + struct.pack("<III", 16 + 4, 0x80830000, 4) + b"full",
    "short": b"ACKF" + struct.pack("<I", 8),
    "endless": b"ACKF" + struct.pack("<I", 2**32 - 1) + bytes(1000),
    "other": b"MSGF" + struct.pack("<IIIII", 24, 1, 1, 1, 1),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_whatever_a_server_answers_is_one_line_and_tried_again(name: str) -> None:
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    peer, _ = listening.accept()
                    calls.append(peer)
                    peer.recv(1000)
                    peer.sendall(GARBAGE[name])
                    if not GARBAGE[name]:
                        peer.close()

        threading.Thread(target=serve, daemon=True).start()
        sink = MemorySink()
        url = f"opc.tcp://127.0.0.1:{listening.getsockname()[1]}/x"
        with collecting(replace(PLAIN, endpoint=url, timeout_s=0.5), sink):
            until(lambda: len(calls) > 1 and len(sink.downs) > 1)
    for peer in calls:
        peer.close()
    assert all("\n" not in line for line in sink.downs) and not sink.ups
