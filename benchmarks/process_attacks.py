"""Does the practice plant's process say what is done to it, and by whom? And is it quiet in a normal week?

The plant's physics run in this process, some hundred times faster than time; its Modbus devices tell once a second what
they measure (`_process/line.py`), and usual writes are heard as in the plant. The analytics learn one day, with the
defaults that they have in a service, and then see a week of orders, stops and two products: no notice is the goal.
Then, each from what was learned in that one day, attacks and faults of twenty minutes and more:

- every attack is told as `process_attack`, with a right tag among the first three;
- faults (wear, a sensor that drifts) are told, and never as an attack;
- announced work is told as `process_change` (severity info), or not at all.

Which tags are right is written beside each case, from the physics: the set-point that was changed, or what it moves.
With `--recorded DIR` recordings of the real stacks are judged, too: normal.pcapng is learned, every other
SCENARIO.pcapng of an incident with a step that does harm must be told (`linewarden exercise run NAME --record`).

usage: python benchmarks/process_attacks.py [--guessed] [--days N] [--recorded DIR] [--only NAME]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from _process.cases import CASES, Case  # noqa: E402
from _process.line import FIRST_NS, Teller, known, normal_course, run, usual_writes  # noqa: E402
from _process.recorded import judged_recordings  # noqa: E402
from _speed.rule import Goal, add_data, verdict  # noqa: E402

from linewarden.detections.knowledge import Knowledge  # noqa: E402
from linewarden.detections.run import Told  # noqa: E402
from linewarden.exercises.physics import Controls, Plant  # noqa: E402
from linewarden.service.analysing import kept  # noqa: E402
from linewarden.service.analysing.analysis import Analysis  # noqa: E402
from linewarden.service.analysing.settings import Analytics  # noqa: E402

DAY = 86_400
LEARN_DAYS = 1.0


@dataclass
class Result:
    """A case that was run."""

    case: Case
    told: list[Told]
    after_s: float | None = None

    def right(self) -> bool:
        """As the case says that it should be."""
        notes = {t.notice.note for t in self.told if t.notice.severity != "info"}
        if self.case.kind == "attack":
            return any(t.notice.note == "process_attack" and self.case.has_right(t) for t in self.told)
        if self.case.kind == "fault":
            return "process_attack" not in notes and any(self.case.has_right(t) for t in self.told)
        return not notes


def feed(analysis: Analysis, teller: Teller, second: int, plant: Plant, controls: Controls) -> list[Told]:
    """One more second; what is told when a frame is full."""
    frame = teller.add(second, plant, controls)
    if frame is None:
        return []
    analysis.take("command", usual_writes(frame, second))
    analysis.take("reading", frame)
    return analysis.turn()


def learn(folder: Path, days: float, who: Knowledge) -> tuple[list[Told], list[Told], Plant, Controls]:
    """One day and then `days` more; what was told in the one and in the others. What is kept is of the first."""
    analysis, teller = Analysis(Analytics()), Teller()
    analysis.know(who)
    told: list[Told] = []
    learned = int(LEARN_DAYS * DAY)
    at_end: tuple[Plant, Controls] | None = None
    for second, plant, controls in run(normal_course(1), learned + int(days * DAY), 1):
        told += feed(analysis, teller, second, plant, controls)
        if second + 1 == learned:
            kept.save_all(folder, analysis)
            at_end = plant, controls
    told += analysis.end()
    assert at_end is not None
    end = FIRST_NS + learned * 1_000_000_000
    return [t for t in told if t.ts < end], [t for t in told if t.ts >= end], *at_end


def play(case: Case, folder: Path, plant: Plant, controls: Controls, who: Knowledge) -> Result:
    """One case, by what was learned in the day."""
    analysis = Analysis(Analytics(), case.expected())
    analysis.know(who)
    kept.load_all(folder, analysis)
    began = FIRST_NS + int(LEARN_DAYS * DAY) * 1_000_000_000
    teller = Teller(began, rows=60, spoof=case.spoof())
    told: list[Told] = []
    for second, now, asked in run(case.course(), case.seconds, 7, plant, controls):
        if (deed := case.deed(second, began)) is not None:
            analysis.take("command", deed)
        for notice in case.notices(second, began):
            analysis.notice(notice)
        told += feed(analysis, teller, second, now, asked)
    told += analysis.end()
    first = min((t.ts for t in told if case.has_right(t)), default=None)
    after = None if first is None else (first - began) / 1e9 - case.begins
    return Result(case, told, after)


def show(result: Result) -> None:
    """A line for the table, and what is told first."""
    notes = ", ".join(dict.fromkeys(f"{t.notice.note} ({t.notice.severity})" for t in result.told)) or "nothing"
    after = "-" if result.after_s is None else f"{result.after_s:.0f} s"
    print(f"{result.case.name:28} {result.case.kind:7} {'right' if result.right() else 'WRONG':6} {after:>9}  {notes}")
    best = next((t for t in result.told if result.case.has_right(t)), result.told[0] if result.told else None)
    if best is not None:
        print(f"    {best.notice.msg}", flush=True)


def goals(results: Sequence[Result], week: Sequence[Told], days: float) -> Iterator[Goal]:
    """What the issue asks for."""
    for kind, words in (("attack", "attacks with a right tag among the first three"),
                        ("fault", "faults told, and not as an attack"), ("work", "times of work quiet")):  # fmt: skip
        some = [r for r in results if r.case.kind == kind]
        if some:
            wrong = [r.case.name for r in some if not r.right()]
            missed = f", not {', '.join(wrong)}" if wrong else ""
            yield Goal(f"{len(some) - len(wrong)} of {len(some)} {words}{missed}", not wrong)
    if days:
        loud = [t for t in week if t.notice.severity != "info"]
        yield Goal(f"{len(loud)} notices in the day of learning and {days:g} normal days", not loud)


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_data(parser, "not needed: the plant is ours")
    parser.add_argument("--days", type=float, default=7.0, help="normal days to be judged (default: %(default)g)")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only this case; may be repeated")
    parser.add_argument("--recorded", type=Path, metavar="DIR", help="recordings of the plant's real stacks")
    parser.add_argument(
        "--guessed",
        action="store_true",
        help="stations are known by what they do only: who writes "
        "is taken for a panel, and that is no excuse for a stranger",
    )
    args = parser.parse_args()
    who = known(args.guessed)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="process-") as name:
        early, week, plant, controls = learn(Path(name), args.days, who)
        print(f"learned {LEARN_DAYS:g} day: {len(early)} notices, then {args.days:g} normal days: {len(week)} notices "
              f"({time.monotonic() - began:.0f} s)")  # fmt: skip
        for told in (*early, *week):
            print(f"    {told.notice.severity} {told.notice.note}: {told.notice.msg}")
        print(f"{'case':28} {'kind':7} {'':6} {'after':>9}  told")
        results = []
        for case in (c for c in CASES if not args.only or c.name in args.only):
            results.append(play(case, Path(name), plant, controls, who))
            show(results[-1])
    found = list(goals(results, [*early, *week], args.days))
    if args.recorded:
        found += judged_recordings(args.recorded)
    return verdict("process_attacks", found)


if __name__ == "__main__":
    sys.exit(main())
