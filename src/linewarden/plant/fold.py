"""Records in, plant out.

    fold = PlantFold()
    fold.add("conn", frame)          # any number of batches, in any order
    plant = fold.plant(names)        # at any time

Batches are boiled down at once (`rows.py`), so memory grows with what is distinct and not with traffic. `plant` joins
addresses (`join.py`), adds up who talks to whom (`traffic.py`), describes each device (`inventory.py`) and looks at the
tap and at what is exposed.
"""

from __future__ import annotations

import gc
from functools import cache
from typing import Any

import polars as pl

from linewarden.plant import rows
from linewarden.plant.corrections import Corrections
from linewarden.plant.crowd import thin
from linewarden.plant.exposure_hints import find_exposures
from linewarden.plant.inventory import apply_corrections, apply_names, build_assets
from linewarden.plant.join import join
from linewarden.plant.model import Capture, Plant
from linewarden.plant.names import Names
from linewarden.plant.tap import check_tap
from linewarden.plant.traffic import fold_traffic

STREAMS = frozenset({"conn", "identity", "command", "binding", "weird", "transfer", *rows.FACTS})
"""The streams that the fold reads; it ignores others."""

EXCHANGES = 131_072
"""Rows of conversations, and of commands, that are kept: 20,000 devices with half a dozen partners each."""
KNOCKS = 16_384
"""Rows that are kept of conversations in which nobody answered a packet or few. A binding tells who spoke, too."""
STATEMENTS = 32_768
"""Rows that are kept of what devices say of themselves."""
_STATEMENTS = (("address protocol evidence", 16), ("address", 128))
"""How many different things one address may say of itself, in one way and in all: a device has a few, a flood has no
end."""


class PlantFold:
    """Incremental: any split of the same records, in any order, gives an equal `Plant`."""

    def __init__(self) -> None:
        pair = "orig resp"
        sums = " ".join(rows.ConnRow._fields[rows.ConnRow._fields.index("conns") :])
        ends = f"{pair} proto service port orig_mac resp_mac vlan tunnel"
        self._beyond = rows.Running(rows.ConnRow, "proto service", sums)
        self._conn = rows.Running(rows.ConnRow, ends, sums, keep=EXCHANGES, beyond=self._beyond)
        self._knock = rows.Running(rows.ConnRow, ends, sums, keep=KNOCKS, beyond=self._beyond)
        self._command = rows.Running(
            rows.CommandRow, f"{pair} protocol verb port", "n answered errors", "function target", keep=EXCHANGES
        )
        said = rows.IdentityRow._fields
        self._identity = rows.Running(
            rows.IdentityRow, " ".join(said[: said.index("ts")]), most=_STATEMENTS, keep=STATEMENTS
        )
        self._binding = rows.Running(rows.BindingRow, "mac ip vlan source", "frames", keep=EXCHANGES)
        self._weird = rows.Running(rows.WeirdRow, "name protocol", "n", f"addl {pair}")
        self._transfer = rows.Running(rows.TransferRow, f"{pair} protocol kind direction", "bytes", "name")
        self._fact = rows.Running(rows.FactRow, f"stream {pair} column value", "n")
        self._capture = rows.Running(rows.CaptureRow, "name", "packets bytes conns")

    def add(self, stream: str, frame: pl.DataFrame) -> None:
        """Take a batch of one stream, with the columns that `records` declares. Streams of no use are ignored."""
        if frame.height == 0:
            return
        if stream == "conn":
            conns = rows.conn_batch(frame)
            lone = rows.lone_conns()
            self._conn.add(conns.filter(~lone))
            self._knock.add(conns.filter(lone))
            self._capture.add(rows.capture_batch(frame))
        elif stream in rows.FACTS:
            self._fact.add(rows.fact_batch(stream, frame))
        elif stream in STREAMS:
            running: Any = getattr(self, f"_{stream}")
            running.add(rows.timed(frame, running.row))

    @staticmethod
    @cache
    def columns(stream: str) -> list[str]:
        """The columns of a stream that `add` reads; it ignores others."""
        return rows.sources(stream)

    def plant(self, names: Names | None = None, corrections: Corrections | None = None) -> Plant:
        """The plant so far. `names` and `corrections` come last and overrule what was read from the wire."""
        # Hundreds of thousands of small objects are made and none is dropped: looking for cycles only costs time.
        collecting = gc.isenabled()
        gc.disable()
        try:
            return self._plant(names, corrections or Corrections())
        finally:
            if collecting:
                gc.enable()

    def _plant(self, names: Names | None, corrections: Corrections) -> Plant:
        crowd = thin(self._conn.rows(self._knock), self._binding.rows(), self._identity.rows())
        conns, bindings, identities = crowd.conns, crowd.bindings, crowd.identities
        commands = self._command.rows()
        weirds, facts = self._weird.rows(), self._fact.rows()
        merges = [*corrections.merges, *(names.merges() if names else ())]
        joined = join(conns, bindings, identities, merges, corrections.splits)
        traffic = fold_traffic(conns, commands, joined)
        traffic.count_unseen(crowd.unseen)
        traffic.count_unseen(self._beyond.rows())
        assets = build_assets(joined, identities, traffic)
        assets = apply_corrections(assets, joined, corrections)
        report = None
        if names is not None:
            assets, report = apply_names(assets, joined, names)
        captures = tuple(Capture(c.name, c.packets, c.bytes, c.conns, c.ts, c.until) for c in self._capture.rows())
        return Plant(
            assets=tuple(assets.values()),
            conversations=traffic.conversations(),
            protocols=traffic.protocols(),
            tap=check_tap(conns, bindings, weirds, facts, joined, traffic, assets, crowd, self._left()),
            exposures=find_exposures(conns, commands, facts, self._transfer.rows(), joined, assets),
            names=report,
            captures=captures,
            first_seen=min((c.first_ts for c in captures), default=0),
            last_seen=max((c.last_ts for c in captures), default=0),
            packets=sum(c.packets for c in captures),
            bytes=sum(c.bytes for c in captures),
        )

    def _left(self) -> dict[str, rows.Left]:
        """What the bounds left out, by what it is."""
        return {
            "conversations": self._conn.left.joined(self._knock.left),
            "addresses of devices": self._binding.left,
            "statements of devices about themselves": self._identity.left,
            "kinds of commands": self._command.left,
            "transfers": self._transfer.left,
            "details of protocols": self._fact.left,
        }
