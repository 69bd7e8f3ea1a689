"""Clients that come and say nothing, or say it byte by byte."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from linewarden.service.tls import server_context
from linewarden.service.web import protocol
from tests.service.tls.serving import client, config_of, connected, served

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, ssl.SSLContext]]:
    monkeypatch.setattr(protocol, "HEAD_S", 0.5)
    monkeypatch.setattr(protocol, "MOST_CONNECTIONS", 8)
    transport = server_context(config_of(tmp_path))
    with served(transport, http=protocol.PatientNoLonger, timeout_keep_alive=5) as port:
        yield port, client(transport.ca_file)


def ended_after(tls: ssl.SSLSocket) -> float:
    """s until the server ends the connection."""
    began = time.monotonic()
    with contextlib.suppress(ssl.SSLError, ConnectionError):
        while tls.recv(4_096):
            pass
    return time.monotonic() - began


def answer(tls: ssl.SSLSocket) -> bytes:
    """All of an answer."""
    data = b""
    while not data.endswith(b"hello"):
        data += tls.recv(4_096)
    return data


def test_who_says_nothing_or_half_a_head_is_not_waited_for(site: tuple[int, ssl.SSLContext]) -> None:
    for said in (b"", GET[:20]):
        with connected(*site) as tls:
            tls.sendall(said)
            assert ended_after(tls) < 3


def test_a_byte_now_and_then_does_not_help(site: tuple[int, ssl.SSLContext]) -> None:
    with connected(*site) as tls:
        sent = 0
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            for byte in GET:
                tls.sendall(bytes([byte]))
                sent += 1
                time.sleep(0.1)
    assert sent < len(GET)


def test_half_a_second_request_is_not_waited_for_either(site: tuple[int, ssl.SSLContext]) -> None:
    with connected(*site) as tls:
        tls.sendall(GET)
        assert b"200 OK" in answer(tls)
        time.sleep(0.7)  # to rest between requests is allowed
        tls.sendall(GET)
        assert b"200 OK" in answer(tls)
        tls.sendall(GET[:10])
        assert ended_after(tls) < 3


def test_past_the_bound_the_next_one_is_sent_away_and_room_comes_back(
    site: tuple[int, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, context = site
    monkeypatch.setattr(protocol, "HEAD_S", 30)
    with contextlib.ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(connected(port, context)).sendall(b"G")
        with contextlib.suppress(ssl.SSLError, ConnectionError), connected(port, context) as tls:
            tls.sendall(GET)
            assert b"200" not in tls.recv(4_096)
    time.sleep(0.3)
    with connected(port, context) as tls:
        tls.sendall(GET)
        assert b"200 OK" in tls.recv(4_096)


def test_a_handshake_that_does_not_come_costs_nothing_for_ever(site: tuple[int, ssl.SSLContext]) -> None:
    """asyncio's own bound (60 s); others are served meanwhile."""
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(socket.create_connection(("127.0.0.1", site[0])))
        with connected(*site) as tls:
            tls.sendall(GET)
            assert b"200 OK" in tls.recv(4_096)
