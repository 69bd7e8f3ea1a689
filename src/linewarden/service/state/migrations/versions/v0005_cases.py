"""What people do with cases and notices: state, assignee, changes, steps, comments, acknowledgements."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "case_work",
        sa.Column("case_id", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("assignee", sa.String(32), nullable=False),
        sa.Column("changed", TIME, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
    )
    op.create_table(
        "case_change",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("case_id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("ts", TIME, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("field", sa.String(16), nullable=False),
        sa.Column("before", sa.String(200), nullable=False),
        sa.Column("after", sa.String(200), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_case_change_case_id_version", "case_change", ["case_id", "version"])
    _what_is_added()


def _what_is_added() -> None:
    op.create_table(
        "case_step",
        sa.Column("case_id", sa.String(64), primary_key=True),
        sa.Column("step", sa.String(16), primary_key=True),
        sa.Column("ts", TIME, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
    )
    op.create_table(
        "case_comment",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("case_id", sa.String(64), nullable=False),
        sa.Column("ts", TIME, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("text", sa.String(4000), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_case_comment_case_id_id", "case_comment", ["case_id", "id"])
    op.create_table(
        "notice_ack",
        sa.Column("notice_id", sa.String(64), primary_key=True),
        sa.Column("ts", TIME, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
    )
