"""The tables of zones, as they are now. Which assets are in a zone is in the lake's corrections and not here."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, SmallInteger, String, Table, Text

from linewarden.service.state.tables import METADATA, UtcTime

ZONE = Table(
    "zone",
    METADATA,
    Column("site", String(128), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("description", Text, nullable=False),
    Column("security_level", SmallInteger),
    Column("criticality", String(16), nullable=False),
    Column("colour", String(16), nullable=False),
)

ZONE_MOVE = Table(
    "zone_move",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("site", String(128), nullable=False),
    Column("made", UtcTime, nullable=False),
    Column("person", String(200), nullable=False),
    Column("assets", JSON, nullable=False),
    Index("ix_zone_move_site", "site"),
)
"""Moves that can be undone, the newest last; `assets`: id -> the zone that was put by hand before, null for none."""
