"""Assets: what each device says of itself, what its addresses say, what it is for, and how we know."""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from linewarden.plant import addresses as ad, roles, vocabulary as words
from linewarden.plant.corrections import Corrections
from linewarden.plant.join import Joined
from linewarden.plant.model import Asset, Evidence, NamesReport, Role
from linewarden.plant.names import Names
from linewarden.plant.role_rules import GENERIC
from linewarden.plant.rows import IdentityRow
from linewarden.plant.traffic import Part, Traffic

_FIELDS = ("name", "vendor", "model", "order_number", "hardware", "firmware", "serial", "os", "software",
           "description", "location")  # fmt: skip

_FIELDS_OF = operator.attrgetter(*_FIELDS)
_TRUST = {
    "s7comm": 0.95, "s7comm_plus": 0.95, "enip": 0.95, "modbus": 0.95, "bacnet": 0.95, "opcua": 0.9, "umas": 0.95,
    "melsec": 0.95, "fins": 0.95, "pn_dcp": 0.9, "snmp": 0.88, "lldp": 0.85, "cdp": 0.85, "dhcp": 0.75, "smb": 0.75,
    "nbns": 0.7, "browser": 0.7, "mdns": 0.65, "llmnr": 0.6, "dns": 0.55, "http": 0.6, "tls": 0.5, "ssdp": 0.6,
}  # fmt: skip
"""How far a protocol is believed about a device: its own nameplate first, banners and what others say last."""

_SAID = ("model", "order_number", "os", "software", "description", "hardware")
_OUI_CONFIDENCE = 0.4


@dataclass(slots=True)
class Draft:
    """One asset while its evidence is gathered."""

    id: str
    macs: tuple[str, ...]
    ips: tuple[str, ...]
    evidence: list[Evidence] = field(default_factory=list)
    claims: dict[str, list[tuple[float, int, str]]] = field(default_factory=lambda: defaultdict(list))
    facts: roles.Facts = field(default_factory=roles.Facts)
    first: int = 0
    last: int = 0
    sent: bool = False

    def heard(self, first: int, last: int) -> None:
        """One of its MACs sent frames in this time."""
        self.sent = True
        self.first = min(self.first, first) if self.first else first
        self.last = max(self.last, last)


def build_assets(joined: Joined, identities: list[IdentityRow], traffic: Traffic) -> dict[str, Asset]:
    """All assets by id, before names and corrections.

    A public IP is `public` unless devices of the same /24 were seen with their own MAC: plants that use public
    addresses inside exist.
    """
    drafts = {root: _draft(root, members) for root, members in joined.members.items()}
    for i in identities:
        root = joined.resolve(i.address, i.mac)
        if root is not None:
            _add_identity(drafts[root], i)
    _add_addresses(drafts, joined)
    for draft in drafts.values():
        _add_oui(draft)
    controls = {root for root, part in traffic.parts.items() if _serves(part) & words.OT or part.masters}
    roles.telling([d.facts for d in drafts.values()])
    nets = {ip.rsplit(".", 1)[0] for d in drafts.values() if d.macs for ip in d.ips if "." in ip}
    for d in drafts.values():
        far = bool(d.ips) and not d.macs and all(ad.is_public(ip) for ip in d.ips)
        d.facts.public = far and not any(ip.rsplit(".", 1)[0] in nets for ip in d.ips)
    return {root: _asset(d, joined, traffic.parts.get(root, Part()), controls) for root, d in sorted(drafts.items())}


def _draft(root: str, members: list[str]) -> Draft:
    """Its addresses come lowest first, MACs before IPs."""
    first = next((k for k, m in enumerate(members) if not ad.is_mac(m)), len(members))
    return Draft(root, tuple(members[:first]), tuple(members[first:]))


def _serves(part: Part) -> set[str]:
    return {p for p, _, _ in part.services}


def _add_identity(draft: Draft, i: IdentityRow) -> None:
    protocol = words.protocol(i.protocol)
    trust = _TRUST.get(protocol, 0.8)
    for what, value in zip(_FIELDS, _FIELDS_OF(i), strict=True):
        if value:
            draft.evidence.append(Evidence(what, value, protocol, i.evidence, i.capture, i.frame, trust))
            draft.claims[what].append((trust, i.until, value))
    for what in _SAID:
        value = getattr(i, what)
        if value:
            draft.facts.said[value] = min(draft.facts.said.get(value, protocol), protocol)
    if i.name:
        draft.facts.names.add(i.name)
    if i.vendor:
        draft.facts.vendors.add(i.vendor)
    if i.role:
        draft.facts.hints.add((i.role.lower(), protocol))
        draft.evidence.append(Evidence("role", i.role, protocol, i.evidence, i.capture, i.frame, trust))
    draft.first = min(draft.first, i.ts) if draft.first else i.ts
    draft.last = max(draft.last, i.until)


def _add_addresses(drafts: dict[str, Draft], joined: Joined) -> None:
    for ip, uses in joined.users.items():
        for mac, use in uses.items():
            owner = joined.root.get(mac)
            if owner is None:
                continue
            own = joined.root.get(ip) == owner
            if own or use.claimed:
                how = ", ".join(sorted(use.sources))
                drafts[owner].evidence.append(
                    Evidence("ip", ip, how, f"used by {mac}", use.capture, use.frame, 0.95 if use.claimed else 0.8)
                )
    for mac, (first, last) in joined.spoke.items():
        if mac in joined.root:
            drafts[joined.root[mac]].heard(first, last)
    for mac, behind in joined.behind.items():
        if mac in joined.root:
            drafts[joined.root[mac]].facts.behind += len(behind)
    for ip in joined.virtual_ips:
        if ip in joined.root:
            drafts[joined.root[ip]].facts.virtual_router = True


def _add_oui(draft: Draft) -> None:
    for mac in draft.macs:
        vendor = ad.oui_vendor(mac)
        if vendor:
            draft.evidence.append(
                Evidence("vendor", vendor, "oui", f"IEEE prefix of {mac}", confidence=_OUI_CONFIDENCE)
            )
            draft.claims["vendor"].append((_OUI_CONFIDENCE, 0, vendor))
            draft.facts.vendors.add(vendor)


def _asset(draft: Draft, joined: Joined, part: Part, controls: set[str]) -> Asset:
    facts = draft.facts
    facts.serves, facts.uses = _serves(part), part.uses | part.sends
    facts.polls, facts.asked_by, facts.verbs = part.polls, part.masters, part.verbs
    facts.clients = len({c for clients in part.services.values() for c in clients})
    facts.talks_ot = bool((facts.serves | part.uses) & words.OT or part.peers & controls)
    verdict = roles.judge(facts)
    macs, ips = draft.macs, draft.ips
    names = tuple(
        dict.fromkeys(v for _, _, v in sorted(draft.claims.get("name", []), key=lambda c: (-c[0], -c[1], c[2])))
    )
    vlans = part.vlans.union(*[joined.vlans[m] for m in (*macs, *ips) if m in joined.vlans])
    values: dict[str, Any] = {what: max(claims)[2] for what, claims in draft.claims.items() if what != "name"}
    return Asset(
        id=draft.id,
        name=names[0] if names else (ips[0] if ips else draft.id),
        names=names,
        macs=macs,
        ips=ips,
        vlans=tuple(sorted(vlans)),
        **values,
        role=verdict.role,
        role_confidence=verdict.confidence,
        role_reasons=verdict.reasons,
        level=roles.level(verdict.role, facts),
        public=facts.public,
        seen=bool(part.sent or draft.sent),
        serves=part.service_list(),
        uses=tuple(sorted(part.uses)),
        peers=tuple(sorted(part.peers)),
        masters=tuple(sorted(part.masters)),
        writers=tuple(sorted(part.writers)),
        first_seen=min((t for t in (draft.first, part.first) if t), default=0),
        last_seen=max(draft.last, part.last),
        packets=part.packets,
        bytes=part.bytes,
        evidence=_sorted(draft.evidence),
    )


def _sorted(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Each once, by what it is of; what is believed most first."""
    return tuple(sorted(set(evidence), key=lambda e: (e.what, -e.confidence, e)))


def apply_corrections(assets: dict[str, Asset], joined: Joined, corrections: Corrections) -> dict[str, Asset]:
    """What a person put right, over what we thought; addresses that were not seen are skipped."""
    out = dict(assets)
    for address, what, value in corrections.fields:
        root = joined.root.get(address)
        if root is not None:
            out[root] = _corrected(out[root], what, value, "correction", "put right by hand")
    return out


def apply_names(assets: dict[str, Asset], joined: Joined, names: Names) -> tuple[dict[str, Asset], NamesReport]:
    """The names file over the assets, and how the two compare."""
    out = dict(assets)
    matched, not_seen, corrected = [], [], set()
    for row in names.rows:
        root = joined.root.get(row.address)
        if root is None or not out[root].seen:
            not_seen.append((row.address, row.name))
        if root is None:
            continue
        matched += [(row.address, root)] if out[root].seen else []
        for what in ("name", "zone", "role", "line"):
            value = getattr(row, what)
            if value:
                before = getattr(assets[root], what)
                own = (Role.UNKNOWN, root, *out[root].ips)  # what stands there where nothing is known
                if before and str(before).casefold() != value.casefold() and before not in own:
                    corrected.add((root, what, str(before), str(value)))
                out[root] = _corrected(out[root], what, str(value), "names", f"{names.source}, line {row.row}")
        out[root] = _placed(out[root], row.zone)
    named = {joined.root.get(r.address) for r in names.rows}
    unnamed = tuple(root for root in sorted(out) if root not in named and out[root].seen and not out[root].public)
    return out, NamesReport(tuple(matched), tuple(not_seen), unnamed, tuple(sorted(corrected)))


def _placed(asset: Asset, zone: str) -> Asset:
    """A computer stands where its zone is, if the zone's name says so; the level of a controller is its role's."""
    found = roles.zone_level(zone)
    loose = asset.role in GENERIC or asset.role in (Role.UNKNOWN, Role.PRINTER, Role.PHONE, Role.CAMERA)
    return replace(asset, level=found) if found is not None and loose and not asset.public else asset


def _corrected(asset: Asset, what: str, value: str, source: str, detail: str) -> Asset:
    changes: dict[str, Any] = {what: value}
    if what == "name":
        changes["names"] = tuple(dict.fromkeys((value, *asset.names)))
    if what == "role":
        role = Role(value)
        facts = roles.Facts(public=asset.public, polls=set(), talks_ot=(asset.level or 9) <= 3)
        found = asset.level if asset.role == role else roles.level(role, facts)
        changes = {"role": role, "role_confidence": 1.0, "role_reasons": (detail,), "level": found}
    evidence = Evidence(what, value, source, detail)
    return replace(asset, **changes, evidence=_sorted((*asset.evidence, evidence)))
