"""The tables of accounts and all that belongs to them, as they are now.

Of no secret is more kept than its hash, but of that of a second factor, which is needed to compute its codes: it is
sealed by the site's key.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from linewarden.service.state.tables import METADATA, UtcTime

ID = 32
SEALED = Text().with_variant(String(64), "sqlite")
"""SQLite holds to no length: what was declared there at first can stay."""
DIGEST = 64


def _account() -> ForeignKey:
    return ForeignKey("account.id", ondelete="CASCADE")


ACCOUNT = Table(
    "account",
    METADATA,
    Column("id", String(ID), primary_key=True),
    Column("login", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("password", String(200), nullable=False),
    Column("totp", SEALED, nullable=False),
    Column("totp_step", BigInteger, nullable=False),
    Column("disabled", UtcTime),
    Column("rights", Integer, nullable=False),
    Column("shifts", JSON(none_as_null=True)),
    UniqueConstraint("login"),
)

ACCOUNT_GRANT = Table(
    "account_grant",
    METADATA,
    Column("account", String(ID), _account(), primary_key=True),
    Column("role", String(32), primary_key=True),
    Column("site", String(128), primary_key=True),
    Column("zone", String(200), primary_key=True),
)

ACCOUNT_IDENTITY = Table(
    "account_identity",
    METADATA,
    Column("issuer", String(500), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("account", String(ID), _account(), nullable=False),
    Column("linked", UtcTime, nullable=False),
    Index(None, "account"),
)

ONE_TIME_CODE = Table(
    "one_time_code",
    METADATA,
    Column("digest", String(DIGEST), primary_key=True),
    Column("purpose", String(32), nullable=False),
    Column("expires", UtcTime, nullable=False),
    Column("account", String(ID), _account()),
    Column("site", String(128), nullable=False),
    Index(None, "account", "purpose"),
)

SESSION = Table(
    "session",
    METADATA,
    Column("digest", String(DIGEST), primary_key=True),
    Column("account", String(ID), _account(), nullable=False),
    Column("began", UtcTime, nullable=False),
    Column("seen", UtcTime, nullable=False),
    Column("authenticated", UtcTime, nullable=False),
    Column("rights", Integer, nullable=False),
    Index(None, "account"),
)

SIGN_IN_TRIES = Table(
    "sign_in_tries",
    METADATA,
    Column("key", String(120), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last", UtcTime, nullable=False),
    Index(None, "last"),
)

FAMILIAR_SOURCE = Table(
    "familiar_source",
    METADATA,
    Column("account", String(ID), _account(), primary_key=True),
    Column("source", String(100), primary_key=True),
    Column("seen", UtcTime, nullable=False),
)

API_TOKEN = Table(
    "api_token",
    METADATA,
    Column("prefix", String(16), primary_key=True),
    Column("digest", String(DIGEST), nullable=False),
    Column("name", String(200), nullable=False),
    Column("maker", String(64), nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("expires", UtcTime, nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("places", JSON, nullable=False),
    Column("revoked", UtcTime),
    Column("used", UtcTime),
)

PASSKEY = Table(
    "passkey",
    METADATA,
    Column("id", String(1400), primary_key=True),
    Column("account", String(ID), _account(), nullable=False),
    Column("name", String(200), nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("used", UtcTime),
    Index(None, "account"),
)
