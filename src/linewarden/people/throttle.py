"""Slows down who guesses, without locking out whose account it is.

Three counts, each with a wait that doubles: of one source for one account, of one source for all accounts, and of one
account from sources that it never signed in from. The last does not touch people at their usual place: so nobody can
lock somebody else out of it by guessing wrong on purpose. An attempt counts before it is looked at, so that many at
once are no more than as many one after another; attempts that came too early are not looked at, and do not count.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from linewarden.people.model import Tries
from linewarden.people.secret import digest
from linewarden.people.store import TriesStore

FORGET = timedelta(hours=24)
"""Without an attempt for so long, counting begins anew."""
FAMILIAR = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many attempts are free; then the wait is 1 s and doubles with each, up to `most`."""

    free: int
    most: timedelta

    def wait(self, tries: Tries | None, now: datetime) -> timedelta:
        """How long still until the next attempt is looked at."""
        if tries is None or tries.count < self.free or now - tries.last >= FORGET:
            return timedelta(0)
        pause = min(timedelta(seconds=2 ** min(tries.count - self.free, 30)), self.most)
        return max(timedelta(0), tries.last + pause - now)


PAIR = Limit(5, timedelta(minutes=15))
SOURCE = Limit(30, timedelta(minutes=5))
STRANGERS = Limit(50, timedelta(minutes=1))


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was counted."""

    keys: tuple[tuple[str, Limit], ...]


class Throttle:
    """The counts, in a store."""

    def __init__(self, store: TriesStore) -> None:
        self._store = store

    def take(self, login: str, source: str, account: str | None, now: datetime) -> Attempt | timedelta:
        """Counts an attempt, or says how long to wait. Of a login that is not there, `account` is None."""
        where = network_of(source)
        keys = [(f"pair {digest('pair', f'{login} {where}')}", PAIR), (f"source {where}", SOURCE)]
        if account is None or not self._store.is_familiar(account, where, now - FAMILIAR):
            keys.append((f"login {digest('login', login)}", STRANGERS))
        taken: list[tuple[str, Limit]] = []
        for key, limit in keys:
            if wait := self._count(key, limit, now):
                self._uncount(taken)
                return wait
            taken.append((key, limit))
        return Attempt(tuple(taken))

    def succeeded(self, attempt: Attempt, account: str, source: str, now: datetime) -> None:
        """The attempt was right: it does not count, and failures of this pair are forgotten. Those of the source stay,
        so that who has one account cannot wash off guesses at others.
        """
        self._store.change_tries(attempt.keys[0][0], lambda _tries: None)
        self._uncount(attempt.keys[1:])
        self._store.make_familiar(account, network_of(source), now)

    def withdraw(self, attempt: Attempt) -> None:
        """The attempt was not looked at after all: it does not count."""
        self._uncount(attempt.keys)

    def _count(self, key: str, limit: Limit, now: datetime) -> timedelta:
        waits: list[timedelta] = []

        def change(tries: Tries | None) -> Tries | None:
            wait = limit.wait(tries, now)
            waits.append(wait)
            if wait:
                return tries
            count = 0 if tries is None or now - tries.last >= FORGET else tries.count
            return Tries(count + 1, now)

        self._store.change_tries(key, change)
        return waits[-1]

    def _uncount(self, keys: tuple[tuple[str, Limit], ...] | list[tuple[str, Limit]]) -> None:
        for key, _ in keys:
            self._store.change_tries(key, _one_less)


def _one_less(tries: Tries | None) -> Tries | None:
    return Tries(tries.count - 1, tries.last) if tries is not None and tries.count > 1 else None


def network_of(source: str) -> str:
    """Whom an address counts as: of IPv6 the /64, all of which one machine can have. What is no address is its own."""
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return source[:100]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return str(address)
