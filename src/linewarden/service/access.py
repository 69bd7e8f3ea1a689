"""The one place where API, pages and commands ask: who is this, may they, and let it be recorded.

    access.sign_in(login, password, code, source, instead_of=old)   -> Outcome
    access.session(secret, source)                                  -> Principal | None
    access.token(shown, source)                                     -> Principal | None
    access.sign_out(secret, source)

    access.may(principal, action, what)         to filter and to draw: records nothing
    access.decide(principal, action, what)      an attempt: recorded if it is denied
    with access.doing(principal, action, what): an attempt to change: entries within name who, and why they might
        ...
    with access.acting(principal):              what everybody may do to themselves: a new password, a second factor
        house.onboarding.change_password(...)

Sessions, accounts, codes and tokens record themselves (people_records.py), whoever changes them; here is added who
asked, and what changes nothing and yet belongs into the log: attempts that were refused. The same refusal, again and
again, is recorded once a minute (repeats.py), with the number of those between. Every thread may call all of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from linewarden.errors import AccessError, SendError
from linewarden.people.model import Account, Session, Token, login_of
from linewarden.people.signing_in import Answer, Outcome
from linewarden.policy import (
    Account as AccountThing,
    Action,
    Decision,
    Explanation,
    Machine,
    Moment,
    Person,
    PlantAction,
    Request as Question,
    Thing,
    decide as asked,
    explain as explained,
)
from linewarden.service.audit.acting import Acting, acting
from linewarden.service.audit.entry import Change
from linewarden.service.people_house import House
from linewarden.service.people_records import session_name
from linewarden.service.principals import machine_of, person_of
from linewarden.service.repeats import Repeats

if TYPE_CHECKING:
    from linewarden.people.passkeys import Passkeys
    from linewarden.service.oidc import Providers

What = Thing | AccountThing | PlantAction
UNKNOWN = "an unknown login"
"""Of a login that is not there the text is not kept: people type their password into the wrong field."""


class DeniedError(AccessError):
    """Somebody may not do what they asked. Its text is the sentence of the explanation."""

    def __init__(self, explanation: Explanation) -> None:
        super().__init__(explanation.sentence)
        self.explanation = explanation


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a person with a session, or a machine with a token. `source`: the address that they ask from.

    `new_secret`: of a session whose rights changed meanwhile, to be handed out in place of the old.
    """

    who: Person | Machine
    source: str
    account: Account | None = None
    session: Session | None = None
    token: Token | None = None
    new_secret: str | None = None

    @property
    def name(self) -> str:
        """What to call them."""
        return self.account.name or self.account.login if self.account else self.who.id

    @property
    def told(self) -> Mapping[str, Any]:
        """As entries of the audit log name them."""
        found: dict[str, Any] = {"token" if isinstance(self.who, Machine) else "account": self.who.id}
        found |= {"session": session_name(self.session.digest)} if self.session else {}
        return found | _from(self.source)

    def moment(self) -> Moment:
        """Now, and when they last proved who they are."""
        return Moment(datetime.now(UTC), self.session.authenticated if self.session else None)


@dataclass(frozen=True, slots=True)
class Access:
    """Who comes in, and what they may, over an open house."""

    house: House
    _repeats: Repeats = field(default_factory=Repeats)

    # --- who is it ---

    def sign_in(self, login: str, password: str, code: str, source: str, *, instead_of: str = "") -> Outcome:
        """An attempt with a password, and a code where the account has a second factor (`code` empty at first).

        `source`: the client's address; `instead_of`: the secret of the session that the browser had, which ends.
        """
        with acting(_from(source) | {"how": "password"}):
            found = self.house.door.with_password(login, password, code, source, instead_of=instead_of)
            self._told(found, self._known(login), source, "password")
        return found

    def sign_in_with_passkey(self, passkeys: Passkeys, answer: str, source: str, *, instead_of: str = "") -> Outcome:
        """An attempt with a passkey; `answer` is the browser's (JSON)."""
        with acting(_from(source) | {"how": "passkey"}):
            found = self.house.door.with_passkey(passkeys, answer, instead_of=instead_of)
            self._told(found, UNKNOWN, source, "passkey")
        return found

    def sign_in_with_provider(
        self,
        providers: Providers,
        name: str,
        secret: str,
        answer: Mapping[str, str],
        source: str,
        *,
        instead_of: str = "",
    ) -> Outcome:
        """Somebody comes back from a provider (OIDC). `secret`: of the cookie that `providers.begin` gave; `answer`:
        the query. Why it was refused stands in the outcome, as whoever reads it has signed in there.
        """
        how = f"oidc {name[:32]}"
        with acting(_from(source) | {"how": how}):
            try:
                found = self.house.door.with_identity(providers.finish(name, secret, answer), instead_of=instead_of)
            except (AccessError, SendError) as error:
                found = Outcome(Answer.REFUSED, why=str(error))
            if found.answer is Answer.REFUSED:
                self._refused(Change("session.refused", UNKNOWN, detail={"how": how, "why": found.why}), source)
        return found

    def accept(self, code: str, login: str, name: str, password: str, source: str) -> Account:
        """A one-time code becomes a password: of the first owner, an invitation, a recovery. Raises AccessError."""
        onboarding = self.house.onboarding
        with acting(_from(source) | {"how": "one-time code"}):
            try:
                if any(a.usable for a in self.house.store.accounts()) or self._known(login) != UNKNOWN:
                    return onboarding.accept(code, login, password)
                return onboarding.accept_first_owner(code, login, name, password)
            except AccessError as error:
                self._refused(Change("code.refused", self._known(login), detail={"why": str(error)}), source)
                raise

    def session(self, secret: str, source: str) -> Principal | None:
        """Whose session it is, if it still holds."""
        with acting(_from(source)):
            seen = self.house.sessions.look(secret)
        if seen is None:
            return None
        who = person_of(seen.account, self.house.store.grants(seen.account.id))
        return Principal(who, source, seen.account, seen.session, None, seen.secret)

    def token(self, shown: str, source: str) -> Principal | None:
        """Whose API token it is, if it still holds. One that does not is recorded."""
        token = self.house.tokens.check(shown)
        if token is None:
            with acting(_from(source)):
                self._refused(Change("token.refused", _prefix(shown)), source)
            return None
        return Principal(machine_of(token), source, token=token)

    def sign_out(self, secret: str, source: str) -> None:
        """Ends a session."""
        found = self.session(secret, source)
        with self.acting(found) if found else contextlib.nullcontext():
            self.house.sessions.end(found.new_secret or secret if found else secret)

    # --- may they ---

    def may(self, principal: Principal, action: Action, what: What, moment: Moment | None = None) -> bool:
        """May they? To filter lists, and to draw what can be pressed; not recorded."""
        return bool(asked(_question(principal, action, what, moment)))

    def decide(self, principal: Principal, action: Action, what: What, moment: Moment | None = None) -> Decision:
        """May they, as they try to? Recorded if not. For what changes something see `doing`."""
        found = asked(_question(principal, action, what, moment))
        if not found:
            with self.acting(principal):
                change = Change("access.denied", what.id, detail={"action": str(action), **_why(found)})
                self._refused(change, f"{principal.who.id} {action}")
        return found

    def need(self, principal: Principal, action: Action, what: What, moment: Moment | None = None) -> None:
        """As `decide`. Raises DeniedError, with what would help."""
        if not self.decide(principal, action, what, moment):
            raise DeniedError(self.explain(principal, action, what, moment))

    def explain(self, principal: Principal, action: Action, what: What, moment: Moment | None = None) -> Explanation:
        """Why, or why not, and what would help; not recorded."""
        return explained(_question(principal, action, what, moment))

    # --- let it be recorded ---

    @contextlib.contextmanager
    def doing(
        self, principal: Principal, action: Action, what: What, moment: Moment | None = None
    ) -> Iterator[Decision]:
        """An attempt to change something. Entries that are made within (`Ledger.record`, `recorded`, the store of
        people) name who asked and the decision, in the transaction of the change; if none was made, one is made of the
        decision.

        Raises DeniedError before anything was done.
        """
        found = asked(_question(principal, action, what, moment))
        if not found:
            self.need(principal, action, what, moment)
        allowed = {"action": str(action), "what": what.id, **_why(found)}
        with acting(principal.told, allowed) as now:
            yield found
            if not now.entries:
                self.house.ledger.add(Change("access.allowed", what.id))

    @contextlib.contextmanager
    def acting(self, principal: Principal) -> Iterator[Acting]:
        """Entries that are made within are theirs. No right is asked for: for what people do to their own account."""
        with acting(principal.told) as now:
            yield now

    # --- attempts that failed ---

    def _told(self, outcome: Outcome, login: str, source: str, how: str) -> None:
        if outcome.answer is Answer.REFUSED:
            self.house.ledger.add(Change("session.refused", login, detail={"how": how}))
        elif outcome.answer is Answer.CODE:
            self.house.ledger.add(Change("session.half", login, detail={"why": "a second factor is wanted"}))
        elif outcome.answer is Answer.WAIT:
            self._refused(Change("session.wait", login, detail={"how": how}), source)

    def _refused(self, change: Change, of: str) -> None:
        """Recorded, if it was not just now: nobody fills the log, and the disk, by asking again and again."""
        between = self._repeats.between((change.action, change.target, of))
        if between is not None:
            detail = {**change.detail, **({"repeats": between} if between else {})}
            self.house.ledger.add(Change(change.action, change.target, detail=detail))

    def _known(self, login: str) -> str:
        try:
            found = self.house.store.account_of(login_of(login[:1000]))
        except ValueError:
            return UNKNOWN
        return found.login if found else UNKNOWN


def _question(principal: Principal, action: Action, what: What, moment: Moment | None) -> Question:
    return Question(principal.who, action, what, moment or principal.moment())


def _why(decision: Decision) -> dict[str, Any]:
    return {"why": decision.why, "policies": list(decision.policies)}


def _from(source: str) -> dict[str, Any]:
    return {"from": source[:100]}


def _prefix(shown: str) -> str:
    """What may be told of something that looks like a token: its public part."""
    parts = shown.split("_")
    right = len(parts) > 2 and parts[0] == "lw" and parts[1].isalnum() and len(parts[1]) == 8
    return f"lw_{parts[1]}" if right else "no token of ours"
