"""Secrets in the state's database: sealed by the site's key, as those of the configuration are (docs/secrets.md).

Only the secrets of second factors are such: of everything else that opens a door, a hash is enough.
"""

from __future__ import annotations

import base64
import os
import sys
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select, update

from linewarden.errors import ConfigError, StoreError
from linewarden.service.audit.entry import Change
from linewarden.service.config.sealed import key_ring, place_of, shown_place
from linewarden.service.state.engine import READS, said
from linewarden.service.state.people_tables import ACCOUNT
from linewarden.trust.envelope import MARK, KeyRing, is_sealed
from linewarden.trust.key_files import make_file

if TYPE_CHECKING:
    from linewarden.service.audit.ledger import Ledger
    from linewarden.service.config import Config
    from linewarden.service.state import State

_C = ACCOUNT.c
_HAVE = select(_C.id, _C.totp).where(_C.totp != "")


class SiteSealer:
    """Seals and opens with the site's key, which is read when it is first needed: most of what runs never needs it. If
    it is to be in a file that is not there, the first secret makes it.

    May be used from every thread. After `secret rotate` the key is read again, as soon as the one at hand does not fit.
    """

    def __init__(self, config: Config, state: State) -> None:
        self._config, self._state, self._lock = config, state, Lock()
        self._ring: KeyRing | None = None

    def seal(self, secret: str) -> str:
        """The secret as it is kept. Raises StoreError without a key."""
        make_key(self._config, self._state)
        with said_of(self._config):
            return self.ring().seal(secret)

    def open(self, kept: str) -> str:
        """The secret. Raises StoreError: there is no key, or another. What was never sealed is given as it is."""
        if not is_sealed(kept):
            return kept
        with said_of(self._config):
            try:
                return self.ring().open(kept)
            except ConfigError:
                return self.ring(anew=True).open(kept)

    def ring(self, *, anew: bool = False) -> KeyRing:
        """The keys. Raises ConfigError or StoreError."""
        with self._lock:
            if self._ring is None or anew:
                self._ring = key_ring(self._config)
            return self._ring


class said_of:  # noqa: N801 - reads as a word, like contextlib's
    """What is wrong with the key, as a StoreError that says what hangs on it and the way out."""

    def __init__(self, config: Config) -> None:
        self._where = shown_place(config.secrets.key)

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Raises StoreError for what went wrong."""
        if isinstance(error, (ConfigError, StoreError)):
            raise StoreError(
                f"the secret of a second factor {error}; put the site's key back ({self._where} is in each backup), or "
                "`linewarden people recover LOGIN --without-second-factor`"
            ) from error


def seal_what_is_clear(config: Config, ledger: Ledger) -> int:
    """Seals what a version before this one left in clear; gives how many. The key is made if it is in a file that is
    not there and nothing was sealed before.

    What stood in the clear is overwritten in SQLite's file; copies of it and a PostgreSQL server's old pages are not.
    """
    state = ledger.state
    with said(state.where), state.engine.connect().execution_options(**READS) as connection:
        rows = connection.execute(_HAVE).all()
    if not any(not is_sealed(row.totp) for row in rows):
        return 0
    sealer = SiteSealer(config, state)
    with said(state.where), state.engine.connect() as connection:
        _overwrite_what_is_freed(connection)
        with connection.begin():
            clear = [row for row in connection.execute(_HAVE).all() if not is_sealed(row.totp)]
            for row in clear:
                connection.execute(update(ACCOUNT).where(_C.id == row.id).values(totp=sealer.seal(row.totp)))
            ledger.record(connection, Change("secrets.sealed", "second factors", after={"secrets": len(clear)}))
        _empty_the_log(connection)
    return len(clear)


def make_key(config: Config, state: State) -> None:
    """Makes the site's key where it is to be in a file that is not there. Raises StoreError if something was sealed by
    a key before: a new one would not open it.
    """
    where = config.secrets.key
    if not where.startswith("file:") or place_of(where).exists():
        return
    with said(state.where), state.engine.connect().execution_options(**READS) as connection:
        if connection.execute(_HAVE.where(_C.totp.like(f"{MARK}%")).limit(1)).first() is not None:
            with said_of(config):
                raise ConfigError(f"was sealed by a key that is no longer in {shown_place(where)}")
    make_file(place_of(where), base64.b64encode(os.urandom(32)) + b"\n")
    print(f"linewarden: note: {place_of(where)} was made; it is in backups, keep a copy elsewhere", file=sys.stderr)


def rewrap_rows(ledger: Ledger, ring: KeyRing) -> int:
    """Wraps all by the newest key of the ring, in one transaction; gives how many."""
    state = ledger.state
    with said(state.where), state.engine.begin() as connection:
        rows = [row for row in connection.execute(_HAVE.with_for_update()).all() if is_sealed(row.totp)]
        if not rows:
            return 0
        for row in rows:
            connection.execute(update(ACCOUNT).where(_C.id == row.id).values(totp=ring.rewrap(row.totp)))
        after = {"key": ring.keys[0].id, "secrets": len(rows)}
        ledger.record(connection, Change("secrets.rotate", "second factors", after=after))
    return len(rows)


def _overwrite_what_is_freed(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.connection.cursor().execute("PRAGMA secure_delete=ON")


def _empty_the_log(connection: Connection) -> None:
    """The write-ahead log still has the old pages until it is begun anew."""
    if connection.dialect.name == "sqlite":
        connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
