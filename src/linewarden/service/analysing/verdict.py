"""Attack, wear, somebody's work, or unclear: rules in an order, of which the first that fits decides.

Pure: facts in, verdict out. Each rule is a line that a person can hold against the facts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from linewarden.service.analysing.doings import Deed, Word

SLOW_S = 300.0
"""What took longer crept."""
SOON_S = 120.0
"""What follows a deed elsewhere in the plant within so long may well follow from it."""
VIEW = ("values_repeated", "answers_differ")
"""Notices that say: what is shown is not what is."""
BETWEEN = ("arp_poisoning", "duplicate_address", "duplicate_name", "answers_differ", "asked_anew")
"""Notices that say: somebody stands between, or in somebody's place."""
GRAVE = ("high", "critical")
WEIGHTY = (*GRAVE, "medium")
DOING = (
    "execution", "evasion", "impair_process_control", "inhibit_response_function", "lateral_movement", "persistence",
    "impact", "initial_access", "command_and_control",
)  # fmt: skip
STOPS = ("stop", "restart", "set_mode", "start")


class Kind(StrEnum):
    """What it looks like."""

    ATTACK = "attack"
    WEAR = "wear"
    CHANGE = "change"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of something odd. `near`: about the device itself or its controllers; `elsewhere`: the rest of the
    plant. announced: the window or rule that covers it, or ''. hears: whether changes to this device are heard at all
    at this tap. score: how odd, 1 is the limit; sure: how well founded, 0..1."""

    score: float
    sure: float
    rise_s: float | None
    still: bool
    near: tuple[Deed, ...] = ()
    elsewhere: tuple[Deed, ...] = ()
    words: tuple[Word, ...] = ()
    words_elsewhere: tuple[Word, ...] = ()
    announced: str = ""
    hears: bool = False
    since_deed_s: float | None = None
    """From the latest deed elsewhere to the beginning."""

    @property
    def replayed(self) -> bool:
        """Values that come again or stand still, or two answers to one question."""
        return self.still or any(w.note in VIEW and w.severity in WEIGHTY for w in self.words)

    @property
    def between(self) -> bool:
        """Somebody may stand between."""
        return any(w.note in BETWEEN and w.severity in WEIGHTY for w in self.words)

    @property
    def slow(self) -> bool:
        """It crept."""
        return self.rise_s is not None and self.rise_s >= SLOW_S

    @property
    def new_deed(self) -> bool:
        """Somebody did what they never did there; another value, or an operator's work, is none."""
        return any(d.new not in ("value", "work") for d in self.near)

    def grave(self) -> bool:
        """Something weighty was told of the device itself."""
        return any(w.severity in GRAVE and w.tactic in DOING for w in self.words)


@dataclass(frozen=True, slots=True)
class Verdict:
    """rule: why, in a line. settle: what would make sure. Techniques are those that the facts support (ATT&CK for ICS
    v18.1)."""

    kind: Kind
    confidence: float
    rule: str
    settle: str
    techniques: tuple[str, ...] = ()
    tactic: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """The first whose `fits` says yes decides."""

    fits: Callable[[Facts], bool]
    kind: Kind
    confidence: float
    line: str
    settle: str


RULES: tuple[Rule, ...] = (
    Rule(lambda f: bool(f.announced), Kind.CHANGE, 0.9, "work was announced for this time and device",
         "the window's author says whether this belongs to the work"),
    Rule(lambda f: f.replayed and (f.new_deed or f.between), Kind.ATTACK, 0.95,
         "values are replayed or stand still while somebody writes or stands between",
         "compare one value with the gauge at the machine"),
    Rule(lambda f: f.between and not f.slow, Kind.ATTACK, 0.85,
         "the process left its usual ways while somebody stood between two stations",
         "compare ARP tables with the list of devices, and one value with the gauge at the machine"),
    Rule(lambda f: any(d.is_stranger for d in f.near), Kind.ATTACK, 0.9,
         "a station that never did so before changed something there just before",
         "ask who works at that station, and why, and compare the set-point with the order"),
    Rule(lambda f: any(d.new in ("verb", "target") for d in f.near) and f.grave(), Kind.ATTACK, 0.85,
         "a station did what it never did there, and detections tell of it",
         "ask who works at that station, and why"),
    Rule(lambda f: any(d.is_stranger for d in f.elsewhere) and (f.since_deed_s or 0.0) <= SOON_S and not f.slow,
         Kind.ATTACK, 0.7, "a station that never did so before changed something elsewhere in the plant just before",
         "see whether the device that was written drives this one"),
    Rule(lambda f: f.grave() and not f.slow, Kind.ATTACK, 0.65,
         "detections tell of something weighty at this device in the same time",
         "go through the case: does what was done explain what is odd?"),
    Rule(lambda f: any(d.new == "work" for d in f.near), Kind.UNCLEAR, 0.6,
         "an operator's station wrote there: somebody's work, or somebody in their place",
         "ask at that station who did so, and approve it if it was meant"),
    Rule(lambda f: bool(f.near), Kind.UNCLEAR, 0.6,
         "a station that usually writes there did something new: somebody's work, or somebody in their place",
         "ask at that station who did so, and approve it if it was meant"),
    Rule(lambda f: f.replayed and not f.slow, Kind.UNCLEAR, 0.5,
         "values stand still or come again, and nobody is seen who made them: a sensor that failed, or a recording",
         "compare one value with the gauge at the machine"),
    Rule(lambda f: f.slow and f.hears, Kind.WEAR, 0.8, "it crept, and nobody wrote",
         "look at the machine: bearing, filter, valve, calibration of the sensor"),
    Rule(lambda f: f.slow, Kind.WEAR, 0.65, "it crept, and nobody is heard who writes there",
         "look at the machine, and whether this tap hears who writes to it"),
    Rule(lambda f: any(w.severity in GRAVE for w in f.words_elsewhere), Kind.UNCLEAR, 0.5,
         "something weighty is told elsewhere in the plant in the same time",
         "see whether the case reaches this device"),
    Rule(lambda f: f.hears, Kind.UNCLEAR, 0.5, "it came at once, and nobody wrote: a fault, or a way of working not "
         "seen before", "look at the machine, and approve it if this is how it should run"),
    Rule(lambda f: True, Kind.UNCLEAR, 0.4, "it came at once, and nobody is heard who writes there",
         "look at the machine, and whether this tap hears who writes to it"),
)  # fmt: skip


def judged(facts: Facts) -> Verdict:
    """The verdict on these facts; less sure where what is odd is not well founded."""
    rule = next(r for r in RULES if r.fits(facts))
    techniques, tactic = _techniques(facts) if rule.kind is Kind.ATTACK else ((), "")
    sure = rule.confidence * (0.5 + 0.5 * facts.sure)
    return Verdict(rule.kind, round(sure, 3), rule.line, rule.settle, techniques, tactic)


def severity_of(verdict: Verdict, facts: Facts) -> str:
    """How much it weighs."""
    if verdict.kind is Kind.ATTACK:
        return "high" if verdict.confidence >= 0.6 else "medium"
    if verdict.kind is Kind.CHANGE:
        return "info"
    if verdict.kind is Kind.WEAR:
        return "medium" if facts.sure >= 0.5 else "low"
    return "medium" if facts.replayed else "low"


def _techniques(facts: Facts) -> tuple[tuple[str, ...], str]:
    """Only what the facts show: who wrote, what was shown, what happened to the process."""
    found: list[str] = []
    tactic = "impact"
    deeds = (*facts.near, *facts.elsewhere)
    if any(d.verb in STOPS for d in deeds):
        found += ["T0858", "T0855"]
        tactic = "execution"
    if any(d.verb in ("write", "configure", "force") for d in deeds):
        found += ["T0836", "T0855"]
        tactic = "impair_process_control"
    if any(d.verb == "program_download" for d in deeds):
        found += ["T0889", "T0843"]
        tactic = "impair_process_control" if "T0836" in found else "persistence"
    if facts.replayed:
        found += ["T0856", "T0832"]
        tactic = tactic if found[0] == "T0836" else "evasion"
    return tuple(dict.fromkeys([*found, "T0831"])), tactic
