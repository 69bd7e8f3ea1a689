"""The table of maintenance that was proposed, as it is now."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, String, Table, Text

from linewarden.service.state.tables import METADATA, UtcTime

UNIT, BY, WHY = 200, 200, 2_000
"""Characters that are kept."""

MAINTENANCE_ENTRY = Table(
    "maintenance_entry",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("site", String(128), nullable=False),
    Column("unit", String(UNIT), nullable=False),
    Column("begin", UtcTime, nullable=False),
    Column("end", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("why", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("made", UtcTime, nullable=False),
    Column("changed", UtcTime, nullable=False),
    Column("by", String(BY), nullable=False),
    Column("reason", Text, nullable=False),
    Index("ix_maintenance_entry_site", "site", "begin"),
)
