"""What do the detections say on the practice plant, live, while scenarios play?

First a normal shift of fifteen minutes, in which a sensor at the mirror port learns what is usual there, as it does in
its first quarter of an hour in a plant. Then each scenario with a sensor that knows this and judges as it hears
(`exercise run NAME --watch LAKE --baseline FILE`), held against the scenario's own truth. Goals, for each incident:
told (medium or worse) before its impact begins; within 5 s of its first malicious packet; one case. In routine
scenarios, with announced maintenance, no notice of high. One thing is said to be normal, as somebody would have done
after that quarter of an hour: that the vendor's box calls home.

- Impact: the moment in which a step does harm (`impact` in the scenario; the truth has `impact_ns`).
- First malicious packet: the first one at the mirror port of the first hostile step that is not marked `looks_normal`.
  What looks normal (a page that is opened, values that are read) counts for "before the impact" only.
- With `--ignorant` nothing is known beforehand: what the same detections say in the first minute of a sensor's life.

usage: python benchmarks/practice.py [SCENARIO ...] [--baseline FILE | --ignorant] [--keep DIR]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
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
LEARN_S = 900.0
"""Real s of the normal shift in which the sensor learns: ten minutes is the least for anything to be news."""
LEARNING = "normal-shift"
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
        """The attacker's steps of which the mirror port saw a packet."""
        steps = [s for s in self.truth["timeline"] if s["hostile"] and (s["frames"] or {}).get("count")]
        return sorted(steps, key=lambda s: int(s["frames"]["first_ns"]))

    def told(self) -> list[dict[str, Any]]:
        """Notices of medium or worse about a packet since the attacker's first one, in the order in which they came."""
        begin = min((s["frames"]["first_ns"] for s in self.hostile()), default=0)
        found = [n for n in self.notices if n["severity"] in TOLD and n["ts_ns"] >= begin]
        return sorted(found, key=lambda n: float(n["said_at"]))

    def malicious_s(self) -> float | None:
        """When the first malicious packet came, s since 1970; None if all that can be seen looks normal."""
        found = [s["frames"]["first_ns"] / 1e9 for s in self.hostile() if not s["looks_normal"]]
        return min(found, default=None)

    def impact_s(self) -> float | None:
        """When the harm began, s since 1970; None where none is done."""
        return min((s["impact_ns"] / 1e9 for s in self.truth["timeline"] if s["impact_ns"]), default=None)

    def after_s(self) -> float:
        """From the first malicious packet until something was told; 0 if it was told before."""
        told, begin = self.told(), self.malicious_s()
        if begin is None:
            return 0.0
        return max(0.0, told[0]["said_at"] - begin) if told else float("inf")

    def ahead_s(self) -> float | None:
        """How long before the harm it was told (negative: too late); None where no harm is done."""
        told, harm = self.told(), self.impact_s()
        if harm is None:
            return None
        return harm - told[0]["said_at"] if told else float("-inf")

    def in_time(self) -> bool:
        """Told before the harm began; at all, where none is done."""
        ahead = self.ahead_s()
        return ahead > 0 if ahead is not None else bool(self.told())


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_data(parser, "not needed: the plant is ours")
    parser.add_argument("scenario", nargs="*", help="only these (default: all)")
    parser.add_argument("--linewarden", default=tools.default_program())
    parser.add_argument("--baseline", type=Path, help="what is usual, of an earlier run (default: it is learned first)")
    parser.add_argument("--ignorant", action="store_true", help="nothing is known beforehand")
    parser.add_argument("--keep", type=Path, help="keep lakes, recordings and logs here")
    args = parser.parse_args()
    listed = json.loads(subprocess.check_output([args.linewarden, "exercise", "list", "--json"], text=True))
    names = [s["name"] for s in listed if not args.scenario or s["name"] in args.scenario]
    print(f"{'scenario':24} {'kind':9} {'after':>7} {'ahead':>7} {'cases':>5}  what")
    played = []
    with contextlib.ExitStack() as ends:
        place = args.keep or Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="practice-")))
        place.mkdir(parents=True, exist_ok=True)
        usual = args.baseline
        if usual is None and not args.ignorant:
            usual = place / "usual.json"
            first = play(args.linewarden, LEARNING, place / "learning", usual, "--seconds", f"{LEARN_S:.0f}")
            if first is None:
                return 2
            played.append(first)
            show(first)
        for name in names:
            one = play(args.linewarden, name, place / name, copied(usual, place / f"{name}.json"))
            if one is None:
                return 2
            played.append(one)
            show(one)
    return verdict("practice", list(goals(played)))


def copied(usual: Path | None, to: Path) -> Path | None:
    """Each scenario begins with the same: a sensor learns on."""
    return Path(shutil.copy(usual, to)) if usual else None


def play(linewarden: str, name: str, place: Path, usual: Path | None, *more: str) -> Played | None:
    """One scenario in real time; None where the plant cannot stand."""
    lake, logs = place / "lake", place / "logs"
    place.mkdir(parents=True, exist_ok=True)
    command = [linewarden, "exercise", "run", name, "--watch", str(lake), "--record", str(place / "seen.pcapng")]
    command += ["--keep", str(logs), "--json", "--no-progress", *expected(name, place), *more]
    command += ["--baseline", str(usual)] if usual else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in ENDED_WELL:
        print(f"practice: not measured: {name}: {done.stderr.strip().splitlines()[-1:]}")
        return None
    (place / "truth.json").write_text(done.stdout, encoding="utf-8")
    lines = (logs / "watch.out").read_text(encoding="utf-8").splitlines()
    notices = [n for line in lines if line.startswith('{"event": "notice"') for n in [json.loads(line)]]
    return Played(json.loads(done.stdout), notices, len(cases_of(lake).ranked) if notices else 0)


NORMAL = """[[suppression]]
note = "beacon"
orig = "10.30.3.40"
expires = 2099-01-01T00:00:00Z
author = "practice"
reason = "the vendor's remote access reports to its cloud"
"""
"""The one thing of weight that the quarter of an hour of learning tells, and that somebody then said is normal."""


def expected(name: str, place: Path) -> list[str]:
    """What people said: that one thing is normal; and maintenance is announced, as a planner would have done it."""
    window = ""
    if name.startswith("maintenance"):
        window = f"""[[window]]
id = "maintenance"
from = {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}
until = {datetime.fromtimestamp(datetime.now(UTC).timestamp() + 3600, UTC):%Y-%m-%dT%H:%M:%SZ}
assets = ["10.30.1.12"]
who = ["10.30.3.20"]
verbs = ["program_download", "program_upload", "stop", "start", "browse"]
reason = "program of the capper, version 2"
"""
    file = place / "expected.toml"
    file.write_text(NORMAL + window, encoding="utf-8")
    return ["--expected", str(file)]


def show(one: Played) -> None:
    """A line for the table."""
    worst: dict[str, str] = {}
    for n in one.told() if one.is_incident else one.notices:
        if n["severity"] in TOLD and worst.get(n["note"]) not in WEIGHTY:
            worst[n["note"]] = n["severity"]
    what = ", ".join(f"{note} ({severity})" for note, severity in worst.items()) or "nothing of medium or worse"
    after, ahead = ("-", "-") if not one.is_incident else (f"{one.after_s():.1f} s", seconds(one.ahead_s()))
    kind = one.truth["scenario"]["kind"]
    print(f"{one.name:24} {kind:9} {after:>7} {ahead:>7} {one.cases:>5}  {what}", flush=True)


def seconds(ahead: float | None) -> str:
    """For the table."""
    return "no harm" if ahead is None else f"{ahead:.1f} s"


def goals(played: Sequence[Played]) -> Iterator[Goal]:
    """What the issue asks for."""
    incidents = [p for p in played if p.is_incident]
    routine = [p for p in played if not p.is_incident]
    if incidents:
        late = [p.name for p in incidents if not p.in_time()]
        yield Goal(f"{len(incidents) - len(late)} of {len(incidents)} incidents told before their impact{named(late)}",
                   not late)  # fmt: skip
        slow = [p.name for p in incidents if p.after_s() > SOON_S]
        worst = max(p.after_s() for p in incidents)
        yield Goal(f"slowest {worst:.1f} s after the first malicious packet (goal {SOON_S:g} s){named(slow)}", not slow)
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
