"""What the notices of process values mean, what to do, and what may be behind them: as a detection says of itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class About:
    """A kind of notice."""

    name: str
    title: str
    meaning: str
    runbook: tuple[str, str, str]
    benign: str


ABOUT: dict[str, About] = {
    a.name: a
    for a in (
        About(
            "process_attack",
            "Process disturbed, and somebody did it",
            "A machine left its usual ways while the network shows a reason: a station that wrote, stopped or stood "
            "between. What happens to the product and the machine is what the attacker wanted.",
            (
                "Go to the machine: compare one value with its gauge, and run it by its own panel if they differ.",
                "Find out who works at the station that is named; take it off the network if nobody does.",
                "Put set-points, mode and program back as the order and the last backup have them.",
            ),
            "Work that was not announced, by a person who may do it.",
        ),
        About(
            "process_wear",
            "Process drifts, looks like wear",
            "A value crept away from where it always was, and nobody wrote. Bearings, filters, valves and sensors age "
            "like this.",
            (
                "Look at the trend of the tag that is named: how fast does it go, and where is the limit?",
                "Inspect the part, or the sensor, at the next stop; plan the repair before the limit.",
                "After the repair let the machine learn anew: linewarden analytics relearn.",
            ),
            "Another product, season or raw material; a sensor that was exchanged.",
        ),
        About(
            "process_change",
            "Process changed by announced work",
            "A machine left its usual ways, and work was announced for it at this time.",
            (
                "Nothing, if the work is what was announced.",
                "See after the work whether the values are back.",
                "If it is to stay so: linewarden analytics approve.",
            ),
            "It is benign by its nature, if the work is real.",
        ),
        About(
            "process_odd",
            "Process is not as usual",
            "A machine left its usual ways, and neither the network nor the way in which it came says why.",
            (
                "Look at the machine: is something wrong with it, or with the sensor that is named?",
                "Ask the operator whether this was meant: another product, a trial, a manual run.",
                "If it is how the machine should run: linewarden analytics approve.",
            ),
            "A way of working that was not seen while it learned.",
        ),
        About(
            "life_short",
            "Little life left",
            "By a model of units that failed, a unit has less life left than the limit that the site set. The tags "
            "that shorten it are named.",
            (
                "Look at the page Maintenance: when is work proposed, and what does waiting cost?",
                "Inspect the unit, and the sensors of the tags that are named.",
                "Accept or decline the proposal; after the repair set `since` of its [[analytics.life]] anew.",
            ),
            "A sensor that was exchanged, or a way of running that the model does not know.",
        ),
    )
}
NOTES = {"attack": "process_attack", "wear": "process_wear", "change": "process_change", "unclear": "process_odd"}
"""By verdict."""
