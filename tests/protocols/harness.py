"""Transcripts to records: small captures made in memory, read by the real engine.

rows = tell([("c", request), ("s", response)], port=502)
assert rows["modbus"][0]["func"] == 3
"""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from linewarden.sensor.sensor import read_all, streams
from linewarden.wire.captures import Capture

CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
CLIENT_MAC, SERVER_MAC = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
CLIENT_PORT = 50_000

Rows = dict[str, list[dict[str, Any]]]


def tell(
    messages: Iterable[tuple[str, bytes]],
    port: int,
    *,
    udp: bool = False,
    client_port: int = CLIENT_PORT,
    handshake: bool = True,
    cut: int = 0,
) -> Rows:
    """Rows by stream of a dialogue: ("c", bytes) from the client, ("s", bytes) from the server on `port`.

    `cut`: TCP segments of at most so many bytes (0: a message a segment).
    """
    frames = _udp(messages, client_port, port) if udp else _tcp(messages, client_port, port, handshake, cut)
    return read_frames(frames)


def tcp_frames(messages: Iterable[tuple[str, bytes]], port: int, *, client_port: int, cut: int = 0) -> list[bytes]:
    """Frames of a whole TCP connection, to put several into one capture."""
    return _tcp(messages, client_port, port, True, cut)


def tcp_turns(turns: Iterable[tuple[str, Iterable[bytes | int]]], port: int, *, client_port: int) -> list[list[bytes]]:
    """Frames of a TCP connection by turn: a handshake, then each turn in the segments that are given.

    A number instead of a segment: so many bytes were not recorded.
    """
    seq = {"c": 1_000, "s": 9_000}

    def segment(who: str, flags: int, payload: bytes = b"") -> bytes:
        frame = _segment(who, client_port, port, seq, flags, payload)
        seq[who] += len(payload) + (1 if flags & 3 else 0)
        return frame

    frames = [[segment("c", 2), segment("s", 18), segment("c", 16)]]
    for who, pieces in turns:
        frames.append([])
        for piece in pieces:
            if isinstance(piece, int):
                seq[who] += piece
            else:
                frames[-1].append(segment(who, 24, piece))
    return [*frames, [segment("c", 17), segment("s", 17)]]


def udp_frames(messages: Iterable[tuple[str, bytes]], port: int, *, client_port: int) -> list[bytes]:
    """Frames of a UDP dialogue, to put several into one capture."""
    return _udp(messages, client_port, port)


def ip_frame(proto: int, payload: bytes) -> bytes:
    """One IPv4 packet from the client."""
    return _ip("c", proto, payload)


def ethernet(ethertype: int, messages: Iterable[tuple[str, bytes]], dst: bytes | None = None) -> Rows:
    """Rows of frames below IP, padded as on the wire."""
    frames = []
    for who, payload in messages:
        src, to = (CLIENT_MAC, SERVER_MAC) if who == "c" else (SERVER_MAC, CLIENT_MAC)
        frames.append(((dst or to) + src + struct.pack("!H", ethertype) + payload).ljust(60, b"\0"))
    return read_frames(frames)


def llc(messages: Iterable[tuple[str, bytes]], dst: bytes) -> Rows:
    """Rows of 802.3 frames; each payload begins with its LLC header."""
    frames = []
    for who, payload in messages:
        src = CLIENT_MAC if who == "c" else SERVER_MAC
        frames.append((dst + src + struct.pack("!H", len(payload)) + payload).ljust(60, b"\0"))
    return read_frames(frames)


def read_frames(frames: Sequence[bytes], linktype: int = 1, times_ms: Sequence[int] | None = None) -> Rows:
    """Rows of all streams from raw frames, a millisecond apart or at these times."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "transcript.pcap"
        path.write_bytes(pcap(frames, linktype, times_ms=times_ms))
        batches, _ = read_all([Capture(path, path.name)], [s.name for s in streams()])
    rows: Rows = {s.name: [] for s in streams()}
    for batch in batches:
        rows[batch.stream] += pl.DataFrame(batch.arrow).to_dicts()
    return rows


def pcap(
    frames: Sequence[bytes], linktype: int = 1, start_s: int = 1_700_000_000, times_ms: Sequence[int] | None = None
) -> bytes:
    """A capture file of these frames."""
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, linktype)]
    for ms, frame in zip(times_ms or range(len(frames)), frames, strict=True):
        out.append(struct.pack("<IIII", start_s + ms // 1000, ms % 1000 * 1000, len(frame), len(frame)) + frame)
    return b"".join(out)


def _tcp(messages: Iterable[tuple[str, bytes]], client_port: int, port: int, handshake: bool, cut: int) -> list[bytes]:
    seq = {"c": 1_000, "s": 9_000}
    frames: list[bytes] = []

    def send(who: str, flags: int, payload: bytes = b"") -> None:
        frames.append(_segment(who, client_port, port, seq, flags, payload))
        seq[who] += len(payload) + (1 if flags & 3 else 0)

    if handshake:
        send("c", 2)
        send("s", 18)
        send("c", 16)
    for who, message in messages:
        size = cut or len(message) or 1
        for i in range(0, len(message), size):
            send(who, 24, message[i : i + size])
    if handshake:
        send("c", 17)
        send("s", 17)
    return frames


def _segment(who: str, client_port: int, port: int, seq: Mapping[str, int], flags: int, payload: bytes) -> bytes:
    other = "s" if who == "c" else "c"
    ports = (client_port, port) if who == "c" else (port, client_port)
    header = struct.pack("!HHIIBBHHH", *ports, seq[who], seq[other] if flags & 16 else 0, 5 << 4, flags, 8192, 0, 0)
    return _ip(who, 6, _checksummed(who, 6, header + payload, 16))


def _udp(messages: Iterable[tuple[str, bytes]], client_port: int, port: int) -> list[bytes]:
    frames = []
    for who, payload in messages:
        ports = (client_port, port) if who == "c" else (port, client_port)
        header = struct.pack("!HHHH", *ports, 8 + len(payload), 0)
        frames.append(_ip(who, 17, header + payload))
    return frames


def _ip(who: str, proto: int, payload: bytes) -> bytes:
    macs = SERVER_MAC + CLIENT_MAC if who == "c" else CLIENT_MAC + SERVER_MAC
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, proto, 0) + _addresses(who)
    header = header[:10] + struct.pack("!H", _sum(header)) + header[12:]
    return (macs + b"\x08\x00" + header + payload).ljust(60, b"\0")


def _addresses(who: str) -> bytes:
    client, server = (bytes(map(int, a.split("."))) for a in (CLIENT, SERVER))
    return client + server if who == "c" else server + client


def _checksummed(who: str, proto: int, segment: bytes, at: int) -> bytes:
    pseudo = _addresses(who) + struct.pack("!BBH", 0, proto, len(segment))
    return segment[:at] + struct.pack("!H", _sum(pseudo + segment)) + segment[at + 2 :]


def _sum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
