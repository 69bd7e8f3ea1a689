"""Runs of the service, turns of jobs, events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "service_run",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("started", TIME, nullable=False),
        sa.Column("ended", TIME),
        sa.Column("clean", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "job_run",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("job", sa.String(100), nullable=False),
        sa.Column("started", TIME, nullable=False),
        sa.Column("ended", TIME, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("detail", sa.String(4000), nullable=False),
        sa.UniqueConstraint("job", "started"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_job_run_job_id", "job_run", ["job", "id"])
    op.create_table(
        "event",
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("ts", TIME, nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("text", sa.String(4000), nullable=False),
        sa.UniqueConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_ts", "event", ["ts"])
