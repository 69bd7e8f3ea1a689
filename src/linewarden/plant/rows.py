"""What the fold remembers: one row a key, with sums, maxima and the first packet that shows it.

`TABLES` says what a key is and how many rows are kept. Sums and first-of-all are associative, so batches may come in
any split and order and the rows are the same. What makes rows of batches stands in `batches.py` (the engine) and
`frames.py` (polars).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


class ConnRow(NamedTuple):
    """Conversations of one pair, service, port, pair of MACs and VLAN; `port` is None where nothing answered."""

    orig: str
    resp: str
    proto: str
    service: str | None
    port: int | None
    orig_mac: str | None
    resp_mac: str | None
    vlan: int | None
    tunnel: str | None
    ts: int
    capture: str
    frame: int
    until: int
    conns: int
    orig_pkts: int
    resp_pkts: int
    orig_wire: int
    resp_wire: int
    missed: int
    duplicates: int
    retransmissions: int
    bad_checksums: int
    two_way: int
    one_way: int
    unanswered: int


class CommandRow(NamedTuple):
    """Requests of one pair, protocol and verb; `function` and `target` are those of the first one."""

    orig: str
    resp: str
    protocol: str
    verb: str
    port: int | None
    ts: int
    capture: str
    frame: int
    until: int
    n: int
    answered: int
    errors: int
    function: str | None
    target: str | None


class IdentityRow(NamedTuple):
    """One distinct statement about an address, and when it was first and last made."""

    address: str
    protocol: str
    evidence: str
    name: str | None
    vendor: str | None
    model: str | None
    order_number: str | None
    hardware: str | None
    firmware: str | None
    serial: str | None
    os: str | None
    software: str | None
    description: str | None
    role: str | None
    location: str | None
    mac: str | None
    ip: str | None
    ts: int
    capture: str
    frame: int
    until: int


class BindingRow(NamedTuple):
    """A MAC with an IP (empty if none), as in the binding stream."""

    mac: str
    ip: str
    vlan: int | None
    source: str
    ts: int
    capture: str
    frame: int
    until: int
    frames: int
    ttl: int | None


class WeirdRow(NamedTuple):
    """Oddities of one name and pair."""

    orig: str
    resp: str
    name: str
    protocol: str | None
    ts: int
    capture: str
    frame: int
    n: int
    addl: str | None


class TransferRow(NamedTuple):
    """Programs, firmware and files that moved between one pair."""

    orig: str
    resp: str
    protocol: str
    kind: str
    direction: str
    ts: int
    capture: str
    frame: int
    bytes: int
    name: str | None


class FactRow(NamedTuple):
    """One value of a native stream that exposures are read from: (`tls`, `version`, `TLSv10`)."""

    stream: str
    orig: str
    resp: str
    column: str
    value: str
    ts: int
    capture: str
    frame: int
    n: int


class CaptureRow(NamedTuple):
    """A capture, as far as its conversations show it."""

    name: str
    ts: int
    capture: str
    frame: int
    until: int
    packets: int
    bytes: int
    conns: int


FIRST = ("ts", "capture", "frame")
RENAMED = {
    "id.orig_h": "orig",
    "id.resp_h": "resp",
    "id.resp_p": "port",
    "orig_l2_addr": "orig_mac",
    "resp_l2_addr": "resp_mac",
    "orig_ip_bytes": "orig_wire",
    "resp_ip_bytes": "resp_wire",
    "missed_bytes": "missed",
    "ttl_max": "ttl",
    "count": "n",
}
ADDRESSES = ("orig", "resp", "orig_mac", "resp_mac", "address", "mac", "ip")
NUMBERS = frozenset(
    {
        "ts", "frame", "until", "conns", "orig_pkts", "resp_pkts", "orig_wire", "resp_wire", "missed",
        "duplicates", "retransmissions", "bad_checksums", "two_way", "one_way", "unanswered", "n", "answered",
        "errors", "frames", "packets", "bytes", "port", "vlan", "ttl", "orig_bytes", "resp_bytes",
    }
)  # fmt: skip
NULLABLE = frozenset({"port", "vlan", "ttl", "until"})
"""Numbers that may be unknown; others are zero then."""
NEVER_NULL = frozenset({"orig", "resp", "address", "capture", "evidence"})
"""Texts that are empty where there is none."""


class Left(NamedTuple):
    """What a bound left out: records, and the first packet of them."""

    n: int = 0
    first: tuple[int, str, int] = (0, "", 0)

    def joined(self, other: Left) -> Left:
        """Both together."""
        firsts = [one.first for one in (self, other) if one.n]
        return Left(self.n + other.n, min(firsts, default=self.first))


@dataclass(frozen=True, slots=True)
class Table:
    """Distinct rows of one kind.

    `keys`, `sums` and `firsts` name fields of `row`; `until` and `ttl` are maxima, `ts` a minimum, and `capture` and
    `frame` go with `ts`. `most` are (fields, limit): of rows alike in these fields only the first few stay, so that
    nobody fills the memory. What is dropped has `limit` earlier ones in any split of the records, so it never returns.
    `keep` is such a limit for all rows together: what goes is counted, and added up in the table `beyond`.
    """

    row: type[Any]
    keys: tuple[str, ...]
    sums: tuple[str, ...] = ()
    firsts: tuple[str, ...] = ()
    most: tuple[tuple[tuple[str, ...], int], ...] = ()
    keep: int = 65_536
    beyond: str | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns, in the order of the row."""
        return self.row._fields  # type: ignore[no-any-return]

    @property
    def order(self) -> tuple[str, ...]:
        """By what one row comes before another one with its key; of the first one these are kept."""
        return (*FIRST, *self.firsts)

    @property
    def maxima(self) -> tuple[str, ...]:
        """Fields of which the largest is kept."""
        return tuple(c for c in ("until", "ttl") if c in self.fields and c not in self.keys)


EXCHANGES = 131_072
"""Rows of conversations, and of commands, that are kept: 20,000 devices with half a dozen partners each."""
KNOCKS = 4_096
"""Rows that are kept of conversations in which nobody answered a packet or few: a scan of a /20. A binding tells who
spoke, too."""
STATEMENTS = 32_768
"""Rows that are kept of what devices say of themselves."""
_STATEMENTS = ((("address", "protocol", "evidence"), 16), (("address",), 128))
"""How many different things one address may say of itself, in one way and in all: a device has a few, a flood has no
end."""


def _tables() -> dict[str, Table]:
    pair, sums = ("orig", "resp"), ConnRow._fields[ConnRow._fields.index("conns") :]
    ends = (*pair, "proto", "service", "port", "orig_mac", "resp_mac", "vlan", "tunnel")
    said = IdentityRow._fields[: IdentityRow._fields.index("ts")]
    return {
        "beyond": Table(ConnRow, ("proto", "service"), sums),
        "conn": Table(ConnRow, ends, sums, keep=EXCHANGES, beyond="beyond"),
        "knock": Table(ConnRow, ends, sums, keep=KNOCKS, beyond="beyond"),
        "command": Table(
            CommandRow, (*pair, "protocol", "verb", "port"), ("n", "answered", "errors"), ("function", "target"),
            keep=EXCHANGES,
        ),
        "identity": Table(IdentityRow, said, most=_STATEMENTS, keep=STATEMENTS),
        "binding": Table(BindingRow, ("mac", "ip", "vlan", "source"), ("frames",), keep=EXCHANGES),
        "weird": Table(WeirdRow, ("name", "protocol"), ("n",), ("addl", *pair)),
        "transfer": Table(TransferRow, (*pair, "protocol", "kind", "direction"), ("bytes",), ("name",)),
        "fact": Table(FactRow, ("stream", *pair, "column", "value"), ("n",)),
        "capture": Table(CaptureRow, ("name",), ("packets", "bytes", "conns")),
    }  # fmt: skip


TABLES = _tables()
"""All tables by name. `conn` has the conversations, `knock` those in which nobody answered a packet or few."""

FACTS: dict[str, tuple[str, ...]] = {
    "tls": ("version",),
    "http": ("auth_scheme",),
    "snmp": ("version", "community"),
    "smb": ("dialect",),
    "ftp": ("username",),
    "telnet": ("username",),
    "opcua": ("security_policy",),
    "arp": ("target_ip",),
}
"""Native streams that are read if they come, and the columns that say something. Other columns are not kept."""

STREAMS = frozenset({"conn", "identity", "command", "binding", "weird", "transfer", *FACTS})
"""The streams that the fold reads; it ignores others."""

CONN = (*ConnRow._fields[:-3], "orig_bytes", "resp_bytes", "history", "conn_state")
"""What is read of a conversation."""


def names(stream: str) -> tuple[str, ...]:
    """What the fold reads of a stream, under the names of the rows."""
    if stream in FACTS:
        return ("orig", "resp", *FIRST, *FACTS[stream])
    return CONN if stream == "conn" else TABLES[stream].fields


def source(name: str) -> str:
    """The column that a field of a row is read from."""
    return _SOURCES.get(name, name)


_SOURCES = {name: column for column, name in RENAMED.items()}
