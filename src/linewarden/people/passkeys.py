"""Passkeys (WebAuthn, level 3), checked by py_webauthn. A passkey is two factors: a device, and who unlocks it.

What the browser is asked has a challenge, which is good once and for five minutes; it is kept as a one-time code, so
that nothing has to be remembered between asking and answering. No attestation is asked for: which make a device is says
nothing about who has it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from linewarden.errors import AccessError
from linewarden.people.model import Account, OneTime, Passkey, Purpose, Tools
from linewarden.people.secret import digest
from linewarden.people.store import Store

ANSWER_WITHIN = timedelta(minutes=5)
CHALLENGE_BYTES = 32
MOST_ANSWER = 64 * 1024
MOST_OF_ONE = 20
MOST_OPEN, MOST_OPEN_OF_ONE = 4096, 8
"""Challenges that wait for an answer; of more the oldest go, as anybody may ask for one."""
NO_ANSWER = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading the challenge of an answer raises: it may be any text."""


@dataclass(frozen=True, slots=True)
class Here:
    """Where people sign in: the host of the pages, and their origins, such as `https://linewarden.plant`."""

    host: str
    origins: tuple[str, ...]
    name: str = "Linewarden"


class Passkeys:
    """Registers and checks."""

    def __init__(self, store: Store, tools: Tools, here: Here) -> None:
        self._store, self._tools, self._here = store, tools, here

    def ask_new(self, account: Account) -> str:
        """What to hand to `navigator.credentials.create()`, as JSON."""
        there = self._store.passkeys(account.id)
        if len(there) >= MOST_OF_ONE:
            raise AccessError(f"{account.login}: has {MOST_OF_ONE} passkeys; remove one first")
        options = generate_registration_options(
            rp_id=self._here.host, rp_name=self._here.name, user_name=account.login, user_id=account.id.encode(),
            user_display_name=account.name, challenge=self._challenge(Purpose.NEW_PASSKEY, account.id),
            exclude_credentials=[PublicKeyCredentialDescriptor(base64url_to_bytes(p.id)) for p in there],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
        )  # fmt: skip
        return options_to_json(options)

    def keep_new(self, account: Account, answer: str, name: str) -> Passkey:
        """Keeps the passkey of an answer. Raises AccessError if it is none to what was asked."""
        now, challenge = self._tools.now(), self._redeemed(answer, Purpose.NEW_PASSKEY, account.id)
        if challenge is None:
            raise AccessError("that is no answer to what was asked, or it came too late; try again")
        try:
            found = verify_registration_response(
                credential=answer, expected_challenge=challenge, expected_rp_id=self._here.host,
                expected_origin=list(self._here.origins), require_user_verification=True,
            )  # fmt: skip
        except Exception as error:
            raise AccessError(f"the passkey is not taken: {error}") from error
        name_of_key = bytes_to_base64url(found.credential_id)
        passkey = Passkey(
            name_of_key, account.id, name or "passkey", found.credential_public_key, found.sign_count, now
        )
        if not self._store.add_passkey(passkey):
            raise AccessError("this passkey is known already")
        return passkey

    def ask(self) -> str:
        """What to hand to `navigator.credentials.get()`, as JSON. No login: the device knows whose it is."""
        options = generate_authentication_options(
            rp_id=self._here.host, challenge=self._challenge(Purpose.PASSKEY, ""),
            user_verification=UserVerificationRequirement.REQUIRED,
        )  # fmt: skip
        return options_to_json(options)

    def proved(self, answer: str) -> Account | None:
        """Whose passkey gave this answer, if all is right and the account can be used."""
        challenge = self._redeemed(answer, Purpose.PASSKEY, "")
        passkey = self._store.passkey(_text(answer, "id")) if challenge else None
        account = self._store.account(passkey.account) if passkey else None
        if challenge is None or passkey is None or account is None or not account.usable:
            return None
        try:
            found = verify_authentication_response(
                credential=answer, expected_challenge=challenge, expected_rp_id=self._here.host,
                expected_origin=list(self._here.origins), credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.count, require_user_verification=True,
            )  # fmt: skip
        except Exception:  # noqa: BLE001 - as above
            return None
        used = self._store.passkey_used(passkey.id, found.new_sign_count, self._tools.now())
        return account if used else None

    def remove(self, account: Account, id: str) -> None:
        """Forgets a passkey. Raises AccessError if the account has none such."""
        if not self._store.drop_passkey(account.id, id):
            raise AccessError(f"{account.login}: has no such passkey")

    def _challenge(self, purpose: Purpose, account: str) -> bytes:
        challenge = self._tools.random(CHALLENGE_BYTES)
        until = self._tools.now() + ANSWER_WITHIN
        with self._store.together():
            self._store.add_codes([OneTime(_digest(challenge), purpose, until, account)])
            self._store.bound_codes(purpose, account, MOST_OPEN_OF_ONE if account else MOST_OPEN)
        return challenge

    def _redeemed(self, answer: str, purpose: Purpose, account: str) -> bytes | None:
        """The challenge that is answered, used up by this whether the rest is right or not."""
        if len(answer) > MOST_ANSWER:
            return None
        try:
            said = json.loads(base64url_to_bytes(json.loads(answer)["response"]["clientDataJSON"]))
            challenge = base64url_to_bytes(said["challenge"])
        except NO_ANSWER:
            return None
        return challenge if self._store.redeem(_digest(challenge), purpose, self._tools.now(), account) else None


def _digest(challenge: bytes) -> str:
    return digest("challenge", bytes_to_base64url(challenge))


def _text(answer: str, key: str) -> str:
    value = json.loads(answer).get(key)
    return value if isinstance(value, str) and "\0" not in value else ""
