"""Second factors have room to be sealed; accounts are linked to identities of providers (OIDC)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widens the column and makes the table. What is in clear is sealed by who has the key (service/secret_rows.py)."""
    if op.get_bind().dialect.name != "sqlite":  # which holds to no length, and would have to make the table anew
        op.alter_column("account", "totp", existing_type=sa.String(64), existing_nullable=False, type_=sa.Text)
    op.create_table(
        "account_identity",
        sa.Column("issuer", sa.String(500), primary_key=True),
        sa.Column("subject", sa.String(255), primary_key=True),
        sa.Column("account", sa.String(32), sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
        sa.Column("linked", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_account_identity_account", "account_identity", ["account"])
