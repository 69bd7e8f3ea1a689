"""The tables of what people do with cases and notices, as they are now.

The case itself is made of notices anew each time; here is only what a person added. `by` is who, as a reader should
see it; the audit log has who it was.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table

from linewarden.service.state.tables import METADATA, Number, UtcTime

CASE_ID = 64
BY = 200

CASE_WORK = Table(
    "case_work",
    METADATA,
    Column("case_id", String(CASE_ID), primary_key=True),
    Column("version", Integer, nullable=False),  # grows with each change: who changes an older one is told
    Column("state", String(16), nullable=False),
    Column("assignee", String(32), nullable=False),  # id of an account; empty: nobody
    Column("changed", UtcTime, nullable=False),
    Column("by", String(BY), nullable=False),
)

CASE_CHANGE = Table(
    "case_change",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("case_id", String(CASE_ID), nullable=False),
    Column("version", Integer, nullable=False),
    Column("ts", UtcTime, nullable=False),
    Column("by", String(BY), nullable=False),
    Column("field", String(16), nullable=False),
    Column("before", String(BY), nullable=False),
    Column("after", String(BY), nullable=False),
    Index(None, "case_id", "version"),
    sqlite_autoincrement=True,
)

CASE_STEP = Table(
    "case_step",
    METADATA,
    Column("case_id", String(CASE_ID), primary_key=True),
    Column("step", String(16), primary_key=True),  # of the step's text: another text is another step
    Column("ts", UtcTime, nullable=False),
    Column("by", String(BY), nullable=False),
)

CASE_COMMENT = Table(
    "case_comment",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("case_id", String(CASE_ID), nullable=False),
    Column("ts", UtcTime, nullable=False),
    Column("by", String(BY), nullable=False),
    Column("text", String(4000), nullable=False),
    Index(None, "case_id", "id"),
    sqlite_autoincrement=True,
)

NOTICE_ACK = Table(
    "notice_ack",
    METADATA,
    Column("notice_id", String(CASE_ID), primary_key=True),
    Column("ts", UtcTime, nullable=False),
    Column("by", String(BY), nullable=False),
)
