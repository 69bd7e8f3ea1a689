"""Weaknesses that anybody on the wire could read, as the traffic itself shows them. Worst first.

These are facts about how the plant talks, not alarms: most stand there for years. Advisories and versions are judged in
`exposure/`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from linewarden.plant import vocabulary as words
from linewarden.plant.join import Joined
from linewarden.plant.model import Asset, Evidence, Finding, Role, Severity
from linewarden.plant.rows import CommandRow, ConnRow, FactRow, TransferRow
from linewarden.plant.traffic import endpoints
from linewarden.records.command import Verb

_SHOWN = 20
_MACHINES = frozenset(
    {Role.CONTROLLER, Role.SAFETY_CONTROLLER, Role.IO, Role.DRIVE, Role.RTU, Role.GATEWAY, Role.BUILDING_CONTROLLER}
)
_SWITCHING = frozenset({Verb.STOP, Verb.START, Verb.RESTART, Verb.SET_MODE, Verb.FORCE, Verb.INHIBIT})
_LOOKED_AT = words.CLEARTEXT_LOGIN | words.REMOTE_ACCESS | {"smb"}
_HARMLESS = frozenset({"ntp", "dns", "icmp", "icmp6"})


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation, command or fact with both ends resolved to assets."""

    source: Asset | None
    target: Asset | None
    protocol: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Seen:
    """All that the checks look at: `talks` are conversations that were answered, `asked` commands with their row."""

    talks: list[Talk]
    asked: list[tuple[CommandRow, Talk]]
    facts: list[tuple[FactRow, Talk]]
    transfers: list[tuple[TransferRow, Talk]]
    joined: Joined
    assets: Mapping[str, Asset]


def find_exposures(
    conns: list[ConnRow],
    commands: list[CommandRow],
    facts: list[FactRow],
    transfers: list[TransferRow],
    joined: Joined,
    assets: Mapping[str, Asset],
) -> tuple[Finding, ...]:
    """All findings, one a kind (and protocol), worst first."""
    outside = any(a.public for a in assets.values())
    seen = Seen(
        [t for c in conns if (c.two_way or c.one_way) and (t := _conn_talk(c, joined, assets, outside))],
        [(c, _talk(c.orig, c.resp, c.protocol, c.verb, str(c.n), c, joined, assets)) for c in commands],
        [(f, _talk(f.orig, f.resp, f.stream, f.column, f.value, f, joined, assets)) for f in facts],
        [(t, _talk(t.orig, t.resp, t.protocol, t.kind, t.name or "", t, joined, assets)) for t in transfers],
        joined,
        assets,
    )
    checks: tuple[Callable[[Seen], Iterator[Finding]], ...] = (
        _public_peers, _cleartext, _old_tls, _smb1, _snmp, _opcua_open, _remote_access, _writes, _masters, _switched,
        _programs, _firmware, _dcp, _duplicate_addresses,
    )  # fmt: skip
    found = [f for check in checks for f in check(seen)]
    return tuple(sorted(found, key=lambda f: (f.severity.order, f.kind, f.title)))


def is_ot(asset: Asset | None) -> bool:
    """True for what stands at Purdue level 2 or below, or answers a control protocol."""
    if asset is None or asset.public:
        return False
    low = asset.level is not None and asset.level <= 2
    return low or any(s.protocol in words.CONTROL for s in asset.serves)


def _conn_talk(c: ConnRow, joined: Joined, assets: Mapping[str, Asset], outside: bool) -> Talk | None:
    """The conversation, or None if no check below could ask for it. `outside`: some asset is public."""
    protocol = words.protocol(c.service) or c.proto
    if protocol not in _LOOKED_AT and not outside:
        return None
    source, target, _ = endpoints(c, joined)
    ends = (assets.get(source or ""), assets.get(target or ""))
    if protocol not in _LOOKED_AT and not any(a is not None and a.public for a in ends):
        return None
    where = f"{c.orig} to {c.resp}" + (f" port {c.port}" if c.port else "")
    evidence = Evidence("conversation", c.service or c.proto, "conn", where, c.capture, c.frame)
    return Talk(*ends, protocol, evidence)


def _talk(
    orig: str,
    resp: str,
    protocol: str,
    what: str,
    value: str,
    row: CommandRow | FactRow | TransferRow,
    joined: Joined,
    assets: Mapping[str, Asset],
) -> Talk:
    source, target = joined.resolve(orig, None), joined.resolve(resp, None)
    name = words.protocol(protocol)
    evidence = Evidence(what, value, name, f"{orig} to {resp}", row.capture, row.frame)
    return Talk(assets.get(source or ""), assets.get(target or ""), name, evidence)


def _finding(kind: str, severity: Severity, title: str, detail: str, step: str, talks: Iterable[Talk]) -> Finding:
    """One finding over several conversations: all their assets, the first few packets."""
    talks = list(talks)
    ids = {a.id for t in talks for a in (t.source, t.target) if a is not None}
    evidence = sorted({t.evidence for t in talks}, key=lambda e: (e.detail, e.what, e.value, e.capture, e.frame))
    return Finding(kind, severity, title, detail, step, tuple(sorted(ids)), tuple(evidence[:_SHOWN]))


def _names(assets: Iterable[Asset | None]) -> str:
    names = sorted({a.name for a in assets if a is not None})
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _public_peers(seen: Seen) -> Iterator[Finding]:
    by_kind: dict[Severity, list[Talk]] = defaultdict(list)
    for t in seen.talks:
        machine, other = (t.source, t.target) if t.target and t.target.public else (t.target, t.source)
        if other is None or not other.public or machine is None or not is_ot(machine):
            continue
        if t.target is machine and t.protocol in words.CONTROL:
            by_kind[Severity.CRITICAL].append(t)
        else:
            by_kind[Severity.LOW if t.protocol in _HARMLESS else Severity.HIGH].append(t)
    for severity, talks in by_kind.items():
        inside = [a for t in talks for a in (t.source, t.target) if a and not a.public]
        what = {
            Severity.CRITICAL: "Control devices answer a control protocol to public addresses",
            Severity.HIGH: "Control devices talk to public addresses",
            Severity.LOW: "Control devices ask public time or name servers",
        }[severity]
        yield _finding(
            "public_peer", severity, what,
            f"{_names(inside)} and addresses of the internet speak with each other directly.",
            "Close it at the firewall. Where a service is needed, route it through a host in the DMZ.", talks,
        )  # fmt: skip


def _cleartext(seen: Seen) -> Iterator[Finding]:
    talks = [t for t in seen.talks if t.protocol in words.CLEARTEXT_LOGIN]
    talks += [t for f, t in seen.facts if f.column == "auth_scheme" and f.value.lower().split(" ")[0] == "basic"]
    talks += [
        t for c, t in seen.asked if c.verb == Verb.AUTHENTICATE and t.protocol in {"http", *words.CLEARTEXT_LOGIN}
    ]
    if not talks:
        return
    ot = any(is_ot(t.target) for t in talks)
    protocols = words.spelled_all(t.protocol for t in talks)
    yield _finding(
        "cleartext_login", Severity.HIGH if ot else Severity.MEDIUM, "Logins go over the wire in clear",
        f"{protocols} to {_names(t.target for t in talks)}: whoever listens reads user names and passwords.",
        "Change to SSH, SFTP or HTTPS where the device can. Where it cannot, keep it in a zone of its own and "
        "change the "
        "passwords that were used.",
        talks,
    )  # fmt: skip


def is_old_tls(version: str) -> bool:
    """True for SSL and TLS before 1.2 (RFC 8996), in any usual spelling: TLSv1.0, TLS 1.1, SSLv3, 0x0301."""
    text = version.strip().lower()
    if text.startswith("0x") or text.isdigit():
        return int(text, 0) < 0x0303
    digits = re.findall(r"\d", text)
    if text.startswith("dtls"):
        return digits[:2] == ["1", "0"] or digits == ["1"]
    if "ssl" in text:
        return True
    return digits[:1] == ["1"] and digits[1:2] in ([], ["0"], ["1"])


def _old_tls(seen: Seen) -> Iterator[Finding]:
    old = [t for f, t in seen.facts if f.stream == "tls" and f.column == "version" and is_old_tls(f.value)]
    if not old:
        return
    versions = ", ".join(sorted({re.sub(r"^(TLS|SSL)v?(\d)(\d)$", r"\1 \2.\3", t.evidence.value) for t in old}))
    yield _finding(
        "old_tls", Severity.MEDIUM, "Outdated encryption (before TLS 1.2)",
        f"{versions} with {_names(t.target for t in old)}. These versions are broken (RFC 8996).",
        "Turn on TLS 1.2 or 1.3 on both sides, then turn off the older versions.", old,
    )  # fmt: skip


def _smb1(seen: Seen) -> Iterator[Finding]:
    old = [
        t
        for f, t in seen.facts
        if f.stream == "smb" and re.search(r"nt lm 0\.12|smb ?v?1\b|^1(\.0)?$", f.value.lower())
    ]
    old += [t for t in seen.talks if t.evidence.value.lower() == "smb1"]
    if not old:
        return
    yield _finding(
        "smb1", Severity.HIGH, "SMB version 1 is in use",
        f"{_names(t.target for t in old)}: WannaCry and NotPetya spread through it.",
        "Turn SMBv1 off on servers and clients. Old machines that need it belong in a zone of their own.", old,
    )  # fmt: skip


def _snmp(seen: Seen) -> Iterator[Finding]:
    version = [
        t for f, t in seen.facts
        if f.stream == "snmp" and f.column == "version" and f.value.lower().lstrip("snmpv ") in ("1", "2", "2c", "0")
    ]  # fmt: skip
    usual = [t for f, t in seen.facts if f.column == "community" and f.value.lower() in ("public", "private")]
    if usual:
        yield _finding(
            "snmp_default_community", Severity.MEDIUM, "SNMP with a factory-set password",
            f"'public' or 'private' is the community string of {_names(t.target for t in usual)}; everybody knows it.",
            "Change to SNMPv3, or at least set other strings and switch writing off.", usual,
        )  # fmt: skip
    elif version:
        yield _finding(
            "snmp_cleartext", Severity.LOW, "SNMP without encryption (v1 or v2c)",
            f"{_names(t.target for t in version)}: the community string can be read on the wire.",
            "Change to SNMPv3 where the device can.", version,
        )  # fmt: skip


def _opcua_open(seen: Seen) -> Iterator[Finding]:
    open_ = [t for f, t in seen.facts if f.stream == "opcua" and f.value.rsplit("#", 1)[-1].lower() == "none"]
    if open_:
        yield _finding(
            "opcua_no_security", Severity.MEDIUM, "OPC UA without signing or encryption",
            f"Sessions with security policy None are open to: {_names(t.target for t in open_)}.",
            "Choose Basic256Sha256 or better with SignAndEncrypt on the server, and take None off its list.", open_,
        )  # fmt: skip


def _remote_access(seen: Seen) -> Iterator[Finding]:
    talks = [t for t in seen.talks if t.protocol in words.REMOTE_ACCESS and is_ot(t.target)]
    if not talks:
        return
    public = any(t.source and t.source.public for t in talks)
    yield _finding(
        "remote_access", Severity.CRITICAL if public else Severity.MEDIUM, "Remote access to control devices",
        f"{words.spelled_all(t.protocol for t in talks)} from {_names(t.source for t in talks)} to "
        f"{_names(t.target for t in talks)}.",
        "Let it pass only through a jump host with two-factor login, for named people and times.", talks,
    )  # fmt: skip


def _writes(seen: Seen) -> Iterator[Finding]:
    talks = [
        t for c, t in seen.asked
        if c.verb in words.CHANGING and t.protocol in words.UNAUTHENTICATED and t.target and t.target is not t.source
    ]  # fmt: skip
    by_protocol: dict[str, list[Talk]] = defaultdict(list)
    for t in talks:
        by_protocol[t.protocol].append(t)
    for protocol, own in by_protocol.items():
        public = any(t.source and t.source.public for t in own)
        verbs = ", ".join(sorted({t.evidence.what for t in own})).replace("_", " ")
        yield _finding(
            "unauthenticated_write", Severity.CRITICAL if public else Severity.MEDIUM,
            f"Changes over {words.spelled(protocol)} without login",
            f"{_names(t.source for t in own)} to {_names(t.target for t in own)} ({verbs}). {words.spelled(protocol)} "
            "does not ask who is there: any computer that reaches these devices can do the same.",
            "Let only these sources reach the devices on this port (firewall or access list), and turn on the device's "
            "own write protection if it has one.",
            own,
        )  # fmt: skip


def _masters(seen: Seen) -> Iterator[Finding]:
    machines = [a for a in seen.assets.values() if a.role in _MACHINES]
    written = [(a, a.writers) for a in machines if len(a.writers) > 1]
    read = [(a, a.masters) for a in machines if len(a.masters) > 1 and len(a.writers) <= 1]
    for kind, severity, word, shared in (
        ("several_writers", Severity.MEDIUM, "write to", written),
        ("several_masters", Severity.LOW, "read or write", read),
    ):
        if shared:
            yield Finding(
                kind, severity, f"Several devices {word} the same controller",
                "; ".join(f"{a.name}: {_names(seen.assets.get(m) for m in ids)}" for a, ids in shared[:5]) + ".",
                "Check that each of them should. Usually one SCADA server or HMI has this right, and engineering "
                "for a time.",
                tuple(sorted({i for a, ids in shared for i in (a.id, *ids)})),
                tuple(Evidence(kind, ", ".join(ids), "command", a.id) for a, ids in shared[:_SHOWN]),
            )  # fmt: skip


def _switched(seen: Seen) -> Iterator[Finding]:
    """Commands that stop, start or overrule a machine's program, as far as it did not refuse all of them."""
    talks = [t for c, t in seen.asked if c.verb in _SWITCHING and c.n != c.errors and t.target]
    if talks:
        verbs = ", ".join(sorted({t.evidence.what for t in talks})).replace("_", " ")
        yield _finding(
            "controller_switched", Severity.HIGH, "Controllers were stopped, started or overruled",
            f"{_names(t.source for t in talks)} sent this to {_names(t.target for t in talks)} while this was "
            f"captured: {verbs}.",
            "Ask who did it and compare with the shift log. Use the key switch or a password against it.", talks,
        )  # fmt: skip


def _programs(seen: Seen) -> Iterator[Finding]:
    talks = [t for c, t in seen.asked if c.verb == Verb.PROGRAM_DOWNLOAD]
    talks += [t for r, t in seen.transfers if r.kind == "program" and r.direction == "download"]
    if talks:
        yield _finding(
            "program_download", Severity.HIGH, "Programs were loaded into controllers",
            f"{_names(t.source for t in talks)} loaded a program into {_names(t.target for t in talks)} while "
            "this was captured.",
            "Ask who did it and compare with the change log. Use the key switch or a password against it.", talks,
        )  # fmt: skip


def _firmware(seen: Seen) -> Iterator[Finding]:
    talks = [t for c, t in seen.asked if c.verb == Verb.FIRMWARE_UPDATE]
    talks += [t for r, t in seen.transfers if r.kind == "firmware" and r.direction == "download"]
    if talks:
        yield _finding(
            "firmware_update", Severity.HIGH, "Firmware was loaded into devices",
            f"{_names(t.source for t in talks)} sent firmware to {_names(t.target for t in talks)}.",
            "Ask who did it and check the version and its signature against the maker's.", talks,
        )  # fmt: skip


def _dcp(seen: Seen) -> Iterator[Finding]:
    talks = [t for c, t in seen.asked if t.protocol == "pn_dcp" and c.verb in words.CHANGING]
    if talks:
        yield _finding(
            "dcp_set", Severity.MEDIUM, "Names or addresses of PROFINET devices were set",
            f"{_names(t.source for t in talks)} set them by DCP, which knows no login, at "
            f"{_names(t.target for t in talks)}.",
            "Expected when a device is replaced or commissioned. Otherwise find the sender; newer devices can "
            "have DCP set "
            "to read-only.",
            talks,
        )  # fmt: skip


def _duplicate_addresses(seen: Seen) -> Iterator[Finding]:
    for ip, macs in sorted(seen.joined.rivals.items()):
        uses = seen.joined.users[ip]
        ids = sorted({seen.joined.root[m] for m in macs if m in seen.joined.root})
        yield Finding(
            "duplicate_address", Severity.HIGH, f"Two devices use {ip} at the same time",
            f"{' and '.join(macs)} both claim it. Either one was set up wrongly, or somebody poses as the other (ARP "
            "spoofing) to read along.",
            "Find both by their MAC in the switch's address table, and take the one that should not be there off "
            "the network.",
            tuple(ids),
            tuple(
                Evidence("ip", ip, ", ".join(sorted(uses[m].sources)), m, uses[m].capture, uses[m].frame) for m in macs
            ),
        )  # fmt: skip
