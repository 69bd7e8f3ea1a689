"""The few sentences that matter most, in words that a plant manager uses, and the numbers beside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from linewarden.plant.model import Asset, Conversation, Finding, Plant, Severity
from linewarden.reports import words

GRAVE = frozenset({"program_download", "firmware_update", "stop", "restart", "start", "set_mode", "force", "inhibit"})
"""Changes that can stop a line or hide that it stands: more than writing values (ATT&CK for ICS T0843, T0857, T0858,
T0816, T0878)."""

MOST = 5
"""Sentences in a summary."""

_BAD = (Severity.CRITICAL, Severity.HIGH)


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence and how grave it is (`Severity` value)."""

    severity: str
    text: str


def changes(talk: Conversation) -> tuple[tuple[str, int], ...]:
    """The verbs of a conversation that change something, gravest first, with their requests."""
    order = list(words.CHANGES)
    return tuple(sorted(((v, n) for v, n in talk.verbs if v in words.CHANGES), key=lambda p: order.index(p[0])))


def devices(plant: Plant) -> tuple[Asset, ...]:
    """The assets that stand in the plant and were heard: without public addresses and those only mentioned."""
    return tuple(a for a in plant.assets if a.seen and not a.public)


def summary(plant: Plant) -> tuple[Said, ...]:
    """At most five sentences, what to act on first: trouble with the tap, what was seen, who writes, what is open."""
    if not plant.assets:
        return (Said("medium", "No device was seen. Look at the tap check below, then record again."),)
    trouble = [*_grave(plant), *_writing(plant), *_public(plant), *_exposed(plant)]
    trouble.sort(key=lambda said: Severity(said.severity).order)
    return tuple([*_tap_trouble(plant), _seen(plant), *trouble][:MOST])


def tap_verdict(plant: Plant) -> Said:
    """Is the tap right? In one sentence."""
    bad = [f for f in plant.tap if f.severity in _BAD]
    fair = [f for f in plant.tap if f.severity is Severity.MEDIUM]
    if bad:
        more = f", and {plural_more(len(bad) - 1)}" if len(bad) > 1 else ""
        title = words.sentence(words.clean(bad[0].title)).rstrip(".")
        return Said("high", f"The tap needs work before you trust this report. {title}{more}.")
    if fair:
        return Said("medium", f"The tap mostly works, but look at {words.plural(len(fair), 'point')}: {_titles(fair)}.")
    if not plant.assets:
        return Said("medium", "Nothing was heard, so the tap cannot be judged.")
    small = sum(f.severity in (Severity.LOW, Severity.INFO) for f in plant.tap)
    if small:
        return Said(
            "ok", f"The tap looks right. {words.sentence(words.plural(small, 'small remark'))[:-1]}: see the tap check."
        )
    return Said("ok", "The tap looks right: nothing in the traffic speaks against it.")


def _titles(found: list[Finding]) -> str:
    return words.listed((words.clean(f.title, 120).rstrip(".") for f in found), 2)


def plural_more(count: int) -> str:
    """`one thing more`, `3 things more`."""
    return f"{words.plural(count, 'thing')} more"


def _tap_trouble(plant: Plant) -> list[Said]:
    bad = [f for f in plant.tap if f.severity in _BAD]
    return [Said("high", tap_verdict(plant).text)] if bad else []


def _seen(plant: Plant) -> Said:
    all_devices = devices(plant)
    controllers = sum(a.role in words.CONTROLLERS for a in all_devices)
    networks = len({n for a in all_devices for n in map(network, a.ips) if n})
    text = words.plural(len(all_devices), "device")
    if controllers == len(all_devices) == 1:
        text += ", a controller"
    elif controllers:
        text += f", {words.number(controllers)} of them {'a controller' if controllers == 1 else 'controllers'}"
    text += f", on {words.plural(networks, 'network')}" if networks > 1 else ""
    span = plant.last_seen - plant.first_seen
    text += f", in {words.duration(span)} of traffic" if span > 0 else ""
    return Said("info", words.sentence(text))


def network(ip: str) -> str:
    """The /24 (IPv6: /64) that a private address lies in; empty for others and for what is no address."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ""
    if address.is_link_local or address.is_loopback or address.is_unspecified or address.is_multicast:
        return ""
    if address.version == 4:
        return f"{ip.rsplit('.', 1)[0]}.0/24"
    head = ":".join(address.exploded.split(":")[:4])
    return f"{ip_address(head + '::')}/64"


def _grave(plant: Plant) -> list[Said]:
    names = {a.id: a.name for a in plant.assets}
    worst: dict[str, set[tuple[str, str]]] = {}
    for talk in plant.conversations:
        for verb, _ in changes(talk):
            if verb in GRAVE:
                worst.setdefault(verb, set()).add((talk.source, talk.target))
    for verb in words.CHANGES:
        if pairs := worst.get(verb):
            source, target = min(pairs, key=lambda p: tuple(words.natural(names.get(i, i)) for i in p))
            who = words.clean(names.get(source, source), 60)
            whom = words.clean(names.get(target, target), 60)
            more = f" {words.sentence(words.number(len(pairs) - 1))[:-1]} more such pairs." if len(pairs) > 2 else ""
            return [Said("high", f"{_GRAVE_WORDS[verb].format(who=who, whom=whom)}{more}")]
    return []


_GRAVE_WORDS = {
    "program_download": "{who} loaded a program into {whom} while we listened. Ask whether that was planned.",
    "firmware_update": "{who} loaded firmware into {whom} while we listened. Ask whether that was planned.",
    "stop": "{who} told {whom} to stop while we listened. Ask whether that was planned.",
    "restart": "{who} restarted {whom} while we listened. Ask whether that was planned.",
    "start": "{who} told {whom} to start while we listened. Ask whether that was planned.",
    "set_mode": "{who} changed the mode of {whom} while we listened. Ask whether that was planned.",
    "force": "{who} forced values in {whom} while we listened. Ask whether they still are.",
    "inhibit": "{who} blocked alarms of {whom} while we listened. Ask whether that was planned.",
}


def _writing(plant: Plant) -> list[Said]:
    targets = {a.id for a in plant.assets if a.role in words.CONTROLLERS}
    talks = [c for c in plant.conversations if changes(c) and c.target in targets]
    if not talks:
        return []
    sources, into = {c.source for c in talks}, {c.target for c in talks}
    logged_in = any(verb == "authenticate" for c in talks for verb, _ in c.verbs)
    verb = "writes" if len(sources) == 1 else "write"
    tail = "." if logged_in else ", and no log-in was seen before it."
    text = f"{words.plural(len(sources), 'station')} {verb} to {words.plural(len(into), 'controller')}{tail}"
    return [Said("info" if logged_in else "medium", words.sentence(text))]


def _public(plant: Plant) -> list[Said]:
    outside = {a.id for a in plant.assets if a.public}
    inside = {a.id: a.name for a in plant.assets if not a.public}
    talkers = {c.source for c in plant.conversations if c.target in outside and c.source in inside}
    talkers |= {c.target for c in plant.conversations if c.source in outside and c.target in inside}
    if not talkers:
        return []
    who = words.listed((words.clean(inside[t], 60) for t in sorted(talkers, key=lambda t: words.natural(inside[t]))), 2)
    verb = "talks" if len(talkers) == 1 else "talk"
    return [Said("high", words.sentence(f"{words.plural(len(talkers), 'device')} {verb} to a public address: {who}"))]


def _exposed(plant: Plant) -> list[Said]:
    """Serious exposures that the sentences before have not said in other words."""
    done = {verb for c in plant.conversations for verb, _ in changes(c) if verb in GRAVE}
    said = {"public_peer", next((verb for verb in words.CHANGES if verb in done), "")}
    bad = sorted((f for f in plant.exposures if f.severity in _BAD), key=lambda f: f.severity.order)
    fresh = [f for f in bad if f.kind not in said]
    if not fresh:
        return []
    titles = words.listed((words.clean(f.title, 120).rstrip(".") for f in fresh), 2)
    return [Said(fresh[0].severity.value, words.sentence(f"To put right soon: {titles}"))]


def tiles(plant: Plant) -> tuple[tuple[str, str], ...]:
    """(number, caption) pairs for the head of the report."""
    all_devices = devices(plant)
    controllers = sum(a.role in words.CONTROLLERS for a in all_devices)
    writers = {c.source for c in plant.conversations if changes(c)}
    serious = serious_findings(plant.exposures)
    pairs = [
        (f"{len(all_devices):,}", "device" if len(all_devices) == 1 else "devices"),
        (f"{controllers:,}", "controller" if controllers == 1 else "controllers"),
        (f"{len(writers):,}", "station that writes" if len(writers) == 1 else "stations that write"),
        (f"{len(plant.protocols):,}", "protocol" if len(plant.protocols) == 1 else "protocols"),
        (f"{serious:,}", "serious exposure" if serious == 1 else "serious exposures"),
        (words.size(plant.bytes), f"in {plant.packets:,} packets"),
    ]
    return tuple(pairs)


def by_weight(found: Iterable[Finding]) -> list[Finding]:
    """The gravest first, then those of most devices."""
    return sorted(found, key=lambda f: (f.severity.order, -len(f.assets), f.kind, f.title))


def serious_findings(found: Iterable[Finding]) -> int:
    """How many are critical or high."""
    return sum(f.severity in _BAD for f in found)


def next_steps(plant: Plant, most: int = 4) -> tuple[str, ...]:
    """What to do next, each step once: those of the worst tap findings, then of the worst exposures with what they are
    for. The summary begins with the tap, so its steps are clear by themselves."""
    tap = dict.fromkeys(words.clean(f.next_step, 200) for f in _asking(plant.tap))
    reasons: dict[str, list[str]] = {}
    for f in _asking(plant.exposures):
        reasons.setdefault(words.clean(f.next_step, 200), []).append(words.clean(f.title, 80).rstrip("."))
    exposures = (f"{words.listed(titles, 1)}: {step}" for step, titles in reasons.items())
    return (*tap, *exposures)[:most]


def _asking(found: Iterable[Finding]) -> list[Finding]:
    return [f for f in by_weight(found) if f.severity in (*_BAD, Severity.MEDIUM) and f.next_step]
