"""Who asks, what for, and when: plain values, as access/schema.cedarschema has them. A test holds the two equal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a person is at a place."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ENGINEER = "engineer"
    ANALYST = "analyst"
    PLANNER = "planner"
    AUDITOR = "auditor"
    OWNER = "owner"


class Scope(StrEnum):
    """What a machine's API token opens."""

    READ = "read"
    QUERY = "query"
    REPORT = "report"
    CASE = "case"
    AUDIT = "audit"


class Action(StrEnum):
    """What somebody wants to do."""

    SITE_READ = "site:read"
    ASSET_READ = "asset:read"
    CASE_READ = "case:read"
    NOTICE_READ = "notice:read"
    TAG_READ = "tag:read"
    REPORT_READ = "report:read"
    LAKE_QUERY = "lake:query"
    LAKE_PACKETS = "lake:packets"
    LAKE_ADD = "lake:add"
    REPORT_CREATE = "report:create"
    AUDIT_READ = "audit:read"
    SETTINGS_READ = "settings:read"
    ACCOUNT_READ = "account:read"
    ZONE_EDIT = "zone:edit"
    ASSET_EDIT = "asset:edit"
    TAG_EDIT = "tag:edit"
    CASE_COMMENT = "case:comment"
    CASE_WORK = "case:work"
    NOTICE_ACKNOWLEDGE = "notice:acknowledge"
    NOTICE_NORMAL = "notice:normal"
    MAINTENANCE_ANNOUNCE = "maintenance:announce"
    SETTINGS_WRITE = "settings:write"
    ACCOUNT_INVITE = "account:invite"
    ACCOUNT_MANAGE = "account:manage"
    ROLE_GRANT = "role:grant"
    TOKEN_MANAGE = "token:manage"  # noqa: S105 - a name
    PLANT_PROPOSE = "plant:propose"
    PLANT_APPROVE = "plant:approve"
    PLANT_APPLY = "plant:apply"


class Kind(StrEnum):
    """Kinds of things; accounts and actions on the plant have classes of their own."""

    SITE = "Site"
    ZONE = "Zone"
    ASSET = "Asset"
    CASE = "Case"
    NOTICE = "Notice"
    TAG = "Tag"
    LAKE = "Lake"
    REPORT = "Report"
    SETTINGS = "Settings"
    AUDIT = "Audit"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A site, or a zone of it. What spans several zones is at the site: a right over one of them is not enough."""

    site: str
    zone: str = ""

    def __post_init__(self) -> None:
        if not self.site or "/" in self.site:
            raise ValueError("the name of a site is not empty, and has no slash")

    def __str__(self) -> str:
        """`site` or `site/zone`: as no site has a slash, no two places have the same name."""
        return f"{self.site}/{self.zone}" if self.zone else self.site


@dataclass(frozen=True, slots=True)
class Held:
    """A role, and where it is held."""

    role: Role
    place: Place


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signed in. `shifts`: those on which they work; None: any."""

    id: str
    held: frozenset[Held] = frozenset()
    shifts: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """A program that shows an API token."""

    id: str
    scopes: frozenset[Scope] = frozenset()
    places: frozenset[Place] = frozenset()


OF_THE_SITE = frozenset({Kind.SETTINGS, Kind.AUDIT})
"""What no zone has one of its own of. A lake has a part of each zone: the records all of whose addresses are in it."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something at a place. Its name is told apart by site. Of a site or zone the place itself is meant."""

    kind: Kind
    id: str
    place: Place

    @property
    def covered(self) -> Place:
        """The place that a right must cover."""
        return Place(self.place.site) if self.kind in OF_THE_SITE else self.place


@dataclass(frozen=True, slots=True)
class Account:
    """An account, with all sites on which it holds a role."""

    id: str
    sites: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PlantAction:
    """An action on the plant. `id` names what is done and every parameter of it (a hash of them), so that who approves
    it approves this and nothing else. `disruptive`: it may interrupt production.
    """

    id: str
    place: Place
    disruptive: bool = True
    proposer: str = ""
    proposed: datetime | None = None
    approver: str = ""
    approved: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """What is so while somebody asks. Times have their zone.

    `authenticated`: when the person proved last who they are; `shift`: which is on duty; `maintenance`: where a window
    is open.
    """

    now: datetime
    authenticated: datetime | None = None
    shift: str | None = None
    maintenance: frozenset[Place] = frozenset()


@dataclass(frozen=True, slots=True)
class Request:
    """May `who` do `action` to `what` at this moment?"""

    who: Person | Machine
    action: Action
    what: Thing | Account | PlantAction
    moment: Moment
