"""The secret of the second factor, sealed by the site's key; the plain one stays where there is no key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column beside the plain one. `secret rotate` moves what is there."""
    op.add_column("account", sa.Column("totp_sealed", sa.Text, nullable=True))
