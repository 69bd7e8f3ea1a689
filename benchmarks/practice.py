"""What do the detections say on the practice plant, live, while scenarios play?

Runs each scenario with a sensor at the mirror port that judges as it hears (`exercise run NAME --watch LAKE`), and
holds what was told against the scenario's own truth. Goals: every incident told (medium or worse) within 5 s
of its first hostile packet, and of the end of its last step; one case an incident; no high notice in routine scenarios,
with announced maintenance.

usage: python benchmarks/practice.py [SCENARIO ...] [--data ../shared/data]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from _speed import tools  # noqa: E402
from _speed.rule import Goal, add_data, verdict  # noqa: E402

from linewarden.service.casing import cases_of  # noqa: E402

SOON_S = 5.0
WEIGHTY = ("critical", "high")
TOLD = (*WEIGHTY, "medium")
ENDED_WELL = (0, 1)
"""1: the plant ran, and something in it did not do what it should."""


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario that was played: its truth, what was told live, and the cases."""

    truth: dict[str, Any]
    notices: list[dict[str, Any]]
    cases: int

    @property
    def name(self) -> str:
        """Of the scenario."""
        return str(self.truth["scenario"]["name"])

    @property
    def is_incident(self) -> bool:
        """Whether somebody attacks in it."""
        return bool(self.truth["scenario"]["kind"] == "incident")

    def hostile(self) -> list[dict[str, Any]]:
        """The attacker's steps that the tap could see."""
        return [s for s in self.truth["timeline"] if s["hostile"]]

    def first_told(self) -> dict[str, Any] | None:
        """The first notice of medium or worse at or after the first hostile step."""
        begin = min((s["begin_ns"] for s in self.hostile()), default=0)
        return min(
            (n for n in self.notices if n["severity"] in TOLD and n["ts_ns"] >= begin),
            key=lambda n: n["said_at"], default=None,
        )  # fmt: skip

    def delay_s(self) -> float:
        """From the packet that proves the first notice until it was told."""
        told = self.first_told()
        return told["said_at"] - told["ts_ns"] / 1e9 if told else float("inf")

    def after_s(self) -> float:
        """From the beginning of the first hostile step until the first notice was told."""
        told = self.first_told()
        return told["said_at"] - min(s["begin_ns"] for s in self.hostile()) / 1e9 if told else float("inf")

    def in_time(self) -> bool:
        """Told at most 5 s after the last hostile step was over. Whether before its impact the truth does not say."""
        told = self.first_told()
        return told is not None and told["said_at"] * 1e9 <= max(s["end_ns"] for s in self.hostile()) + SOON_S * 1e9


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_data(parser, "not needed: the plant is ours")
    parser.add_argument("scenario", nargs="*", help="only these (default: all)")
    parser.add_argument("--linewarden", default=tools.default_program())
    args = parser.parse_args()
    listed = json.loads(subprocess.check_output([args.linewarden, "exercise", "list", "--json"], text=True))
    names = [s["name"] for s in listed if not args.scenario or s["name"] in args.scenario]
    print(f"{'scenario':24} {'kind':9} {'begun':>7} {'packet':>7} {'cases':>5}  what")
    played = []
    for name in names:
        one = play(args.linewarden, name)
        if one is None:
            return 2
        played.append(one)
        show(one)
    return verdict("practice", list(goals(played)))


def play(linewarden: str, name: str) -> Played | None:
    """One scenario in real time; None where the plant cannot stand."""
    with tempfile.TemporaryDirectory(prefix="practice-") as place:
        lake, logs = Path(place) / "lake", Path(place) / "logs"
        command = [linewarden, "exercise", "run", name, "--watch", str(lake), "--keep", str(logs), "--json"]
        done = subprocess.run(
            [*command, "--no-progress", *expected(name, Path(place))], capture_output=True, text=True, check=False
        )
        if done.returncode not in ENDED_WELL:
            print(f"practice: not measured: {name}: {done.stderr.strip().splitlines()[-1:]}")
            return None
        lines = (logs / "watch.out").read_text(encoding="utf-8").splitlines()
        notices = [n for line in lines if line.startswith('{"event": "notice"') for n in [json.loads(line)]]
        return Played(json.loads(done.stdout), notices, len(cases_of(lake).ranked) if notices else 0)


def expected(name: str, place: Path) -> list[str]:
    """Maintenance is announced, as a planner would have done it."""
    if not name.startswith("maintenance"):
        return []
    file = place / "expected.toml"
    file.write_text(
        f"""[[window]]
id = "maintenance"
from = {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}
until = {datetime.fromtimestamp(datetime.now(UTC).timestamp() + 3600, UTC):%Y-%m-%dT%H:%M:%SZ}
assets = ["10.30.1.12"]
who = ["10.30.3.20"]
verbs = ["program_download", "program_upload", "stop", "start", "browse"]
reason = "program of the capper, version 2"
""",
        encoding="utf-8",
    )
    return ["--expected", str(file)]


def show(one: Played) -> None:
    """A line for the table."""
    worst: dict[str, str] = {}
    for n in one.notices:
        if n["severity"] in TOLD and worst.get(n["note"]) not in WEIGHTY:
            worst[n["note"]] = n["severity"]
    what = ", ".join(f"{note} ({severity})" for note, severity in worst.items()) or "nothing of medium or worse"
    seconds = (one.after_s(), one.delay_s()) if one.is_incident and one.first_told() else None
    begun, packet = (f"{s:.1f} s" for s in seconds) if seconds else ("-", "-")
    kind = one.truth["scenario"]["kind"]
    print(f"{one.name:24} {kind:9} {begun:>7} {packet:>7} {one.cases:>5}  {what}", flush=True)


def goals(played: Sequence[Played]) -> Iterator[Goal]:
    """What the issue asks for."""
    incidents = [p for p in played if p.is_incident]
    routine = [p for p in played if not p.is_incident]
    if incidents:
        late = [p.name for p in incidents if not p.in_time() or p.after_s() > SOON_S]
        worst = max(p.after_s() for p in incidents)
        yield Goal(f"{len(incidents) - len(late)} of {len(incidents)} incidents told in time, slowest {worst:.1f} s "
                   f"(goal {SOON_S:g} s){named(late)}", not late)  # fmt: skip
        several = [p.name for p in incidents if p.cases != 1]
        yield Goal(f"one case each in {len(incidents) - len(several)} of {len(incidents)}{named(several)}", not several)
    if routine:
        loud = [p.name for p in routine if any(n["severity"] in WEIGHTY for n in p.notices)]
        yield Goal(f"{len(routine) - len(loud)} of {len(routine)} routine scenarios without a high notice"
                   f"{named(loud)}", not loud)  # fmt: skip


def named(names: Sequence[str]) -> str:
    """Those that did not, in words."""
    return f", not {', '.join(names)}" if names else ""


if __name__ == "__main__":
    sys.exit(main())
