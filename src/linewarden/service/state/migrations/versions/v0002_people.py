"""Accounts, what they are granted, one-time codes, sessions, passkeys, failed attempts, API tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Makes the tables."""
    _accounts()
    _proofs()
    _machines()


def _of_account(*, key: bool = False, null: bool = False) -> sa.Column[str]:
    of = sa.ForeignKey("account.id", ondelete="CASCADE")
    return sa.Column("account", sa.String(32), of, primary_key=key, nullable=null)


def _accounts() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("login", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("password", sa.String(200), nullable=False),
        sa.Column("totp", sa.String(64), nullable=False),
        sa.Column("totp_step", sa.BigInteger, nullable=False),
        sa.Column("disabled", TIME),
        sa.Column("rights", sa.Integer, nullable=False),
        sa.Column("shifts", sa.JSON),
        sa.UniqueConstraint("login"),
    )
    op.create_table(
        "account_grant",
        _of_account(key=True),
        sa.Column("role", sa.String(32), primary_key=True),
        sa.Column("site", sa.String(128), primary_key=True),
        sa.Column("zone", sa.String(200), primary_key=True),
    )


def _proofs() -> None:
    op.create_table(
        "one_time_code",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("expires", TIME, nullable=False),
        _of_account(null=True),
        sa.Column("site", sa.String(128), nullable=False),
    )
    op.create_index("ix_one_time_code_account_purpose", "one_time_code", ["account", "purpose"])
    op.create_table(
        "session",
        sa.Column("digest", sa.String(64), primary_key=True),
        _of_account(),
        sa.Column("began", TIME, nullable=False),
        sa.Column("seen", TIME, nullable=False),
        sa.Column("authenticated", TIME, nullable=False),
        sa.Column("rights", sa.Integer, nullable=False),
    )
    op.create_index("ix_session_account", "session", ["account"])
    op.create_table(
        "passkey",
        sa.Column("id", sa.String(1400), primary_key=True),
        _of_account(),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("used", TIME),
    )
    op.create_index("ix_passkey_account", "passkey", ["account"])


def _machines() -> None:
    op.create_table(
        "sign_in_tries",
        sa.Column("key", sa.String(120), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("last", TIME, nullable=False),
    )
    op.create_index("ix_sign_in_tries_last", "sign_in_tries", ["last"])
    op.create_table(
        "familiar_source",
        _of_account(key=True),
        sa.Column("source", sa.String(100), primary_key=True),
        sa.Column("seen", TIME, nullable=False),
    )
    op.create_table(
        "api_token",
        sa.Column("prefix", sa.String(16), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("maker", sa.String(64), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("expires", TIME, nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("places", sa.JSON, nullable=False),
        sa.Column("revoked", TIME),
        sa.Column("used", TIME),
    )
