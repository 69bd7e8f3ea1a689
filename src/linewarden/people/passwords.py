"""Passwords: which are taken (NIST SP 800-63B-4, 3.1.1), and their hash (Argon2id, RFC 9106)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

LEAST = 15
"""Characters of a password that may be the only factor (3.1.1.1)."""
MOST = 256
"""More than the 64 that must be taken; a bound, as hashing takes time."""
MOST_TYPED = 4 * MOST
"""Characters before they are brought to one spelling, which may join some."""
SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Cost:
    """What a guess costs: RFC 9106, section 4, the second recommended option (64 MiB, three passes, four lanes)."""

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 4


class Passwords:
    """Hashes and checks. `turn` is waited for before each run of Argon2, as all at once would take all memory; it may
    raise BusyError.
    """

    def __init__(
        self,
        random: Callable[[int], bytes],
        cost: Cost | None = None,
        turn: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        cost = cost or Cost()
        self._random, self._turn = random, turn
        self._hasher = PasswordHasher(
            cost.passes, cost.memory_kib, cost.lanes, hash_len=32, salt_len=SALT_BYTES, type=Type.ID
        )

    def hash(self, password: str) -> str:
        """The hash as a PHC string, which has its parameters in it."""
        with self._turn():
            return self._hasher.hash(normal(password), salt=self._random(SALT_BYTES))

    def fits(self, kept: str, password: str) -> bool:
        """Is this the password? Takes as long for an account that is not there (`kept` empty) as for one that is."""
        try:
            with self._turn():
                self._hasher.verify(kept or self._nobodys, normal(password[: MOST_TYPED + 1]))
        except (VerificationError, InvalidHashError):
            return False
        return bool(kept)

    def outdated(self, kept: str) -> bool:
        """Was it hashed with other parameters than those of today?"""
        return self._hasher.check_needs_rehash(kept)

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(self._random(32), salt=self._random(SALT_BYTES))


def normal(password: str) -> str:
    """One spelling of what looks the same (3.1.1.2: NFKC). Half characters, which no keyboard gives, are replaced."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()


def refused(password: str, about: Iterable[str] = ()) -> str:
    """Why a new password is not taken; empty: it is. `about`: words that belong to the account, such as its login.

    There are no rules of composition, and none of age (3.1.1.2): only length, and a list of what is guessed first.
    """
    text = normal(password[: MOST_TYPED + 1])
    if len(text) < LEAST:
        return f"it has {len(text)} characters, and needs {LEAST}; a sentence of a few words is easy to remember"
    if len(text) > MOST or len(password) > MOST_TYPED:
        return f"it is longer than {MOST} characters"
    if _is_guessed_first(text.casefold(), {normal(a).casefold() for a in about}):
        return "it is among those that are guessed first; take words that do not belong together"
    return ""


def _is_guessed_first(text: str, about: set[str]) -> bool:
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text)
    words = _block_list() | {a for name in about for a in (name, name.partition("@")[0]) if a}
    return not core or core in words or text in words or _is_repeated(text) or _is_run(text)


def _is_repeated(text: str) -> bool:
    """`abcabcabcabcabc`, `passwordpassword1`"""
    core = text.rstrip("0123456789!.?")
    return any(len(t) > 1 and t in (t + t)[1:-1] for t in (text, core))


def _is_run(text: str) -> bool:
    """`abcdefghijklmnop`, `qwertyuiopasdfgh`, and backwards"""
    runs = ("abcdefghijklmnopqrstuvwxyz" * 2, "0123456789" * 8, "1234567890qwertyuiopasdfghjklzxcvbnm",
            "1234567890qwertzuiopasdfghjklyxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p")  # fmt: skip
    return any(text in run or text[::-1] in run for run in runs)


def _block_list() -> frozenset[str]:
    text = (files(__package__) / "blocklist.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
