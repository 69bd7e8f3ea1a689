"""Made-up record batches with the real columns, and the plant folded from them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from linewarden.plant import Plant, PlantFold
from linewarden.records import Binding, Command, Conn, Identity, Transfer, Weird, stream_of

T0 = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
_TYPES = {
    "ts": pl.Datetime("ns", "UTC"),
    "str": pl.Categorical(),
    "text": pl.String(),
    "bool": pl.Boolean(),
    "u8": pl.UInt8(),
    "u16": pl.UInt16(),
    "u32": pl.UInt32(),
    "u64": pl.UInt64(),
    "i64": pl.Int64(),
    "f64": pl.Float64(),
}
_RECORDS = {r.STREAM: r for r in (Conn, Binding, Command, Identity, Transfer, Weird)}


def frame(stream: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows as a batch with all columns and types of the stream."""
    columns = stream_of(_RECORDS[stream]).columns
    data = {c.name: [r.get(c.name) for r in rows] for c in columns}
    return pl.DataFrame(
        [pl.Series(c.name, data[c.name], dtype=pl.Int64() if c.type == "ts" else _TYPES[c.type]) for c in columns]
    ).with_columns([pl.col(c.name).cast(_TYPES["ts"]) for c in columns if c.type == "ts"])


def _row(at: float, extra: dict[str, Any], **own: Any) -> dict[str, Any]:
    base = {"ts": T0 + int(at * SECOND), "uid": "C1", "sensor": "s", "capture": "a.pcap", "frame": 1 + int(at * 10)}
    return {**base, **own, **extra}


def conn(
    orig: str, resp: str, port: int = 502, service: str | None = None, at: float = 0, **extra: Any
) -> dict[str, Any]:
    """A TCP conversation of 10 packets each way."""
    ends = {"id.orig_h": orig, "id.orig_p": 50_000, "id.resp_h": resp, "id.resp_p": port, "service": service}
    usual = {
        "proto": "tcp", "duration": 1.0, "orig_bytes": 120, "resp_bytes": 120, "orig_pkts": 10, "resp_pkts": 10,
        "orig_ip_bytes": 800, "resp_ip_bytes": 800, "conn_state": "SF", "history": "ShADadFf", "retransmissions": 0,
        "duplicates": 0, "bad_checksums": 0, "missed_bytes": 0, "direction": "syn",
        "until": T0 + int(at * SECOND) + SECOND,
    }  # fmt: skip
    return _row(at, extra, **ends, **usual)


def eth(mac: str, target: str, service: str, at: float = 0, **extra: Any) -> dict[str, Any]:
    """Frames below IP, sent to a group or a station."""
    own = {"orig_l2_addr": mac, "resp_l2_addr": target, "resp_pkts": 0, "resp_ip_bytes": 0, "conn_state": None}
    return conn(
        mac, target, at=at, **{"proto": "eth", "service": service, "history": None, "id.resp_p": None, **own, **extra}
    )


def binding(mac: str, ip: str, source: str = "ip", ttl: int | None = 64, at: float = 0, **extra: Any) -> dict[str, Any]:
    """A MAC with an IP, used for an hour."""
    own = {"mac": mac, "ip": ip, "source": source, "ttl_max": ttl if source == "ip" else None, "frames": 10}
    return _row(at, extra, **own, until=T0 + int((at + 3600) * SECOND))


def command(orig: str, resp: str, verb: str, protocol: str = "modbus", at: float = 0, **extra: Any) -> dict[str, Any]:
    """Three requests, all answered."""
    ends = {"id.orig_h": orig, "id.orig_p": 50_000, "id.resp_h": resp, "id.resp_p": 502}
    return _row(at, extra, **ends, protocol=protocol, verb=verb, function=verb, count=3, answered=3, errors=0)


def identity(address: str, protocol: str = "s7comm", at: float = 0, **extra: Any) -> dict[str, Any]:
    """What a device says of itself."""
    return _row(at, extra, address=address, protocol=protocol, evidence="test")


def weird(name: str, orig: str = "10.0.0.1", resp: str = "10.0.0.2", at: float = 0, **extra: Any) -> dict[str, Any]:
    """An oddity."""
    return _row(at, extra, **{"id.orig_h": orig, "id.resp_h": resp}, name=name, count=1)


def transfer(orig: str, resp: str, kind: str, direction: str, at: float = 0, **extra: Any) -> dict[str, Any]:
    """Something that moved."""
    ends = {"id.orig_h": orig, "id.resp_h": resp}
    return _row(at, extra, **ends, protocol="s7comm", kind=kind, direction=direction, bytes=100, whole=True)


def plant(names: Any = None, corrections: Any = None, facts: dict[str, Any] | None = None, **streams: Any) -> Plant:
    """The plant of these rows; `facts` are native streams, as lists of plain rows."""
    fold = PlantFold()
    for stream, rows in streams.items():
        fold.add(stream, frame(stream, rows))
    for stream, rows in (facts or {}).items():
        fold.add(stream, pl.DataFrame([_row(0, r) for r in rows]))
    return fold.plant(names, corrections)


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """The builders of this file, by name."""
    return SimpleNamespace(
        frame=frame, conn=conn, eth=eth, binding=binding, command=command, identity=identity, weird=weird,
        transfer=transfer, plant=plant, T0=T0, SECOND=SECOND,
    )  # fmt: skip
