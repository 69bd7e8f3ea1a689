"""A verdict as a notice, in plain words, with both readings: what the process shows and what the network shows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from linewarden.detections.attack import TECHNIQUES
from linewarden.detections.knowledge import Knowledge
from linewarden.detections.run import Told
from linewarden.records.notice import Notice
from linewarden.service.analysing.about import NOTES
from linewarden.service.analysing.doings import Deed
from linewarden.service.analysing.machine import Level
from linewarden.service.analysing.verdict import Facts, Kind, Verdict, severity_of

VERBS = {
    "write": "wrote {target} = {value} to", "program_download": "loaded a program into", "set_mode": "set the mode of",
    "start": "started", "stop": "stopped", "restart": "restarted", "firmware_update": "loaded firmware into",
    "force": "forced {target} of", "configure": "configured", "inhibit": "inhibited functions of",
}  # fmt: skip
TOP = 3


@dataclass(frozen=True, slots=True)
class Odd:
    """What is to be told. at: s UTC, when it began; how: which detector said it, or `changed`; place: uid, sensor,
    capture and frame of the reading that shows it."""

    machine: str
    source: str
    at: float
    how: str
    levels: tuple[Level, ...]
    place: tuple[str, str, str, int]


def told_of(odd: Odd, facts: Facts, verdict: Verdict, known: Knowledge, learned: float) -> Told:
    """The notice. learned: how much of its time of learning is over, 0..1."""
    ts = int(odd.at * 1e9)
    uid, sensor, capture, frame = odd.place
    deed = facts.near[0] if facts.near else facts.elsewhere[0] if facts.elsewhere else None
    culprit = deed if verdict.kind is Kind.ATTACK else None
    frames = [frame, *(d.frame for d in facts.near if d.capture == capture)]
    notice = Notice(
        note=NOTES[verdict.kind],
        msg=message(odd, facts, verdict, known),
        severity=severity_of(verdict, facts),
        notice_id=_identity(NOTES[verdict.kind], odd, ts),
        tactic=verdict.tactic,
        techniques=" ".join(verdict.techniques),
        techniques_v19=" ".join(dict.fromkeys(TECHNIQUES[t].v19 for t in verdict.techniques)),
        confidence=verdict.confidence,
        until=ts,
        why="; ".join(_why(odd, facts, verdict, known, learned)),
        frames=" ".join(str(f) for f in dict.fromkeys(frames) if f),
        expected=facts.announced or None,
    )
    return Told(ts, uid, sensor, capture, frame, culprit.who if culprit else "", None, odd.source, None, notice)


def _identity(note: str, odd: Odd, ts: int) -> str:
    first = odd.levels[0].tag if odd.levels else ""
    return hashlib.sha256("\x1f".join((note, odd.machine, first, str(ts))).encode()).hexdigest()[:20]


def message(odd: Odd, facts: Facts, verdict: Verdict, known: Knowledge) -> str:
    """One sentence for a person at night."""
    where = tag_name(odd.levels[0].tag, known) if odd.levels else known.name(odd.source)
    how = _how(odd)
    reason = _reason(odd, facts, known)
    match verdict.kind:
        case Kind.ATTACK if facts.replayed and facts.near:
            return f"{where} {how}: replayed values while {reason}: looks like an attack."
        case Kind.ATTACK:
            return f"{where} {how}, {reason or verdict.rule}: looks like an attack."
        case Kind.WEAR:
            level = odd.levels[0]
            drift = f"drifts over {_long(facts.rise_s or 0.0)}, now {level.value:.6g} against {_between(level)}"
            wrote = "nobody wrote" if facts.hears else "nobody is heard who writes"
            return f"{where} {drift}; {wrote}: looks like wear."
        case Kind.CHANGE:
            return f"{where} {how}; {facts.announced}."
        case _:
            return f"{where} {how}; {reason or verdict.rule}."


def _how(odd: Odd) -> str:
    if not odd.levels:
        return "is not as usual"
    level = odd.levels[0]
    return {
        "settings": f"shows {level.value:.6g}, which it never did (usual: {_between(level)})",
        "still": f"stands still at {level.value:.6g} and is read as before, which it never did",
        "levels": f"stays at {level.value:.6g}, where it never stayed (usual: {_between(level)})",
        "together": f"does not go with the other values any more (now {level.value:.6g})",
        "hints": f"breaks what was said of it (now {level.value:.6g})",
        "changed": f"went to {level.value:.6g}",
    }.get(odd.how, f"is not as usual (now {level.value:.6g}, usual: {_between(level)})")


def _reason(odd: Odd, facts: Facts, known: Knowledge) -> str:
    deed = facts.near[0] if facts.near else facts.elsewhere[0] if facts.elsewhere else None
    if deed is not None:
        return f"{deed_text(deed, known)} {_before(odd.at - deed.ts / 1e9)}"
    words = facts.words or facts.words_elsewhere
    return f"while a notice says: {words[0].msg.rstrip('.')}" if words else ""


def deed_text(deed: Deed, known: Knowledge) -> str:
    """`historian (10.0.0.9) wrote holding_register 0 = 470 to plc-filler (10.0.0.1)`."""
    value = deed.value if len(deed.value) <= 40 else f"{deed.value[:37]}..."
    did = VERBS.get(deed.verb, deed.verb).format(target=deed.target or "a value", value=value or "something")
    return f"{known.name(deed.who)} {did} {known.name(deed.whom)}"


def tag_name(tag: str, known: Knowledge) -> str:
    """`input_register 3 of drive-conveyor (10.0.0.3)`."""
    source, _, label = tag.partition("/")
    return f"{label} of {known.name(source)}"


def _why(odd: Odd, facts: Facts, verdict: Verdict, known: Knowledge, learned: float) -> Sequence[str]:
    found = [f"verdict: {verdict.kind}, since {verdict.rule}"]
    tags = ", ".join(f"{tag_name(v.tag, known)} {v.share:.0%}" for v in odd.levels[:TOP])
    found.append(f"process: {tags}; {facts.score:.1f} times its limit" if tags else f"process: score {facts.score:.1f}")
    found[-1] = found[-1].replace(";", ",")
    if facts.still:
        found.append("process: values that used to move stand still")
    found += [f"network: {deed_text(d, known)} ({_new(d)})" for d in (*facts.near[:3], *facts.elsewhere[:2])]
    found += [f"network: {w.note} ({w.severity})" for w in (*facts.words[:3], *facts.words_elsewhere[:2])]
    if not (facts.near or facts.elsewhere or facts.words or facts.words_elsewhere):
        found.append("network: nothing new" if facts.hears else "network: nobody is heard who writes there")
    found.append(f"to settle it: {verdict.settle}")
    if learned < 1.0:
        found.append(f"learned for {learned:.0%} of its time only")
    return found


def _new(deed: Deed) -> str:
    return {"writer": "it never changed anything there", "verb": "it never did that there",
            "target": "it never wrote that", "value": "it never wrote such a value",
            "work": "an operator's station"}[deed.new]  # fmt: skip


def _between(level: Level) -> str:
    return f"{level.low:.6g}" if level.low == level.high else f"{level.low:.6g} to {level.high:.6g}"


def _before(seconds: float) -> str:
    if seconds < 1.0:
        return "in the same moment"
    return f"{_long(seconds)} before"


def _long(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 2 * 86400 else f"{seconds / 86400:.1f} days"
