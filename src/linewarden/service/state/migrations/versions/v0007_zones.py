"""What people know of a zone, and what they moved last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes both tables."""
    op.create_table(
        "zone",
        sa.Column("site", sa.String(128), primary_key=True),
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("security_level", sa.SmallInteger),
        sa.Column("criticality", sa.String(16), nullable=False),
        sa.Column("colour", sa.String(16), nullable=False),
    )
    op.create_table(
        "zone_move",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("site", sa.String(128), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("assets", sa.JSON, nullable=False),
    )
    op.create_index("ix_zone_move_site", "zone_move", ["site"])
