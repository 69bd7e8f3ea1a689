"""`linewarden exercise`: the grammar of the command and its output. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    from linewarden.exercises.launcher import OnEvent, Settings
    from linewarden.exercises.scenario import Scenario

EXAMPLES = """examples:
  linewarden exercise list
  linewarden exercise run normal-shift --record shift.pcapng
  linewarden exercise run bearing-wear --scale 300 --seed 7 --record wear.pcapng
  linewarden exercise run plc-stop --record stop.pcapng && linewarden read stop.pcapng
The plant stands in network namespaces that the exercise makes and removes; nothing reaches a real network.
"""
LONGEST_S, FASTEST, LEAST_FAST = 86_400.0, 2000.0, 0.1
SOMETHING_FAILED = 1
TRUTH_SUFFIX = ".truth.json"


def add_exercise(parser: argparse.ArgumentParser) -> None:
    """Adds the command to the whole grammar."""
    # argparse hands its subcommands out once, to who made them; they are found again by their kind.
    commands = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    exercise = commands.add_parser(
        "exercise", help="run a practice plant and record it", epilog=EXAMPLES, allow_abbrev=False,
        description="Run a practice plant over real protocol stacks, with scenarios, and record it.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    kinds = exercise.add_subparsers(metavar="list|run", required=True)
    listing = kinds.add_parser("list", help="the scenarios", allow_abbrev=False)
    listing.set_defaults(run=run_list, quiet=False, no_progress=False, debug=False)
    listing.add_argument("--json", action="store_true", help="for a program")
    _run_options(kinds.add_parser("run", help="run one scenario", epilog=EXAMPLES, allow_abbrev=False,
                                  formatter_class=argparse.RawDescriptionHelpFormatter))  # fmt: skip


def _run_options(run: argparse.ArgumentParser) -> None:
    add: Any = run.add_argument
    run.set_defaults(run=run_run, quiet=False)
    add("scenario", metavar="SCENARIO", help="a name of `linewarden exercise list`")
    add("--seconds", type=float, metavar="N", help="real seconds that it runs (default: the scenario's)")
    add("--scale", type=float, metavar="X", help="plant seconds in a real second, for physics and time stamps")
    add("--seed", type=int, default=1, metavar="N", help="of the plant's noise (default: 1)")
    add(
        "--record",
        type=Path,
        metavar="FILE.pcapng",
        help=f"record the mirror port; ground truth beside it ({TRUTH_SUFFIX})",
    )
    add(
        "--watch",
        type=Path,
        metavar="LAKE",
        help="a sensor at the mirror port writes this lake while it runs, and says what is wrong (scale 1)",
    )
    add("--expected", type=Path, metavar="FILE.toml", help="with --watch: announced work, and what is normal")
    add("--baseline", type=Path, metavar="FILE", help="with --watch: what is usual, learned before; it learns on there")
    add("--keep", type=Path, metavar="DIR", help="keep the devices' logs here")
    add("--loopback", action="store_true", help="use no namespaces, even where they are possible (routine scenarios)")
    add("--json", action="store_true", help="ground truth on standard output")
    add("--no-progress", action="store_true", help="say nothing while it runs")
    add("--debug", action="store_true", help="on an error, show where in the program")


def run_list(args: argparse.Namespace) -> int:
    """The scenarios with their kind and length."""
    from linewarden.exercises.scenario import load_scenario, scenario_names
    from linewarden.exercises.truth import describe_scenario

    scenarios = [load_scenario(name) for name in scenario_names()]
    if args.json:
        described = [{**describe_scenario(s), "seconds": s.seconds, "scale": s.scale} for s in scenarios]
        print(json.dumps(described, indent=1, ensure_ascii=False))
        return 0
    width = max(len(s.name) for s in scenarios)
    for kind in ("routine", "fault", "incident"):
        for s in (s for s in scenarios if s.kind == kind):
            print(f"{s.name:{width}}  {kind:8}  {s.seconds:4.0f} s  {s.title}")
    return 0


def run_run(args: argparse.Namespace) -> int:
    """One scenario, with recording and ground truth."""
    scenario, settings = _checked(args)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does: the folder is removed, too
    with _told(args) as on_event:
        truth = _played(scenario, settings, on_event)
    if args.json:
        print(json.dumps(truth, indent=1, ensure_ascii=False))
    else:
        print("\n".join(summary(truth, settings.record)))
    return SOMETHING_FAILED if truth["problems"] else 0


@contextlib.contextmanager
def _told(args: argparse.Namespace) -> Iterator[OnEvent]:
    """Who hears of the progress: nobody, a screen that shows what the sensor writes, or lines."""
    from linewarden.exercises.screen import PlantScreen, draws

    if args.no_progress:
        yield _quiet
    elif args.watch is not None and draws():
        with PlantScreen(args.watch) as screen:
            yield screen.event
    else:
        yield _show


def _played(scenario: Scenario, settings: Settings, on_event: OnEvent) -> dict[str, Any]:
    from linewarden.exercises.launcher import run_exercise
    from linewarden.service.files import reserve

    if settings.record is None:
        truth = run_exercise(scenario, settings, on_event)
    else:
        # The recording appears whole or not at all, as every file of ours.
        part = settings.record.with_name(f".{settings.record.name}.part")
        with reserve(settings.record.with_suffix(TRUTH_SUFFIX)) as beside:
            try:
                truth = run_exercise(scenario, _with_record(settings, part), on_event)
                if part.exists():
                    part.replace(settings.record)
            finally:
                part.unlink(missing_ok=True)
            beside.write(json.dumps(truth, indent=1, ensure_ascii=False) + "\n")
    return truth


def _checked(args: argparse.Namespace) -> tuple[Scenario, Settings]:
    from linewarden.exercises.launcher import Settings
    from linewarden.exercises.scenario import load_scenario, scenario_names

    try:
        scenario = load_scenario(args.scenario)
    except KeyError:
        raise ConfigError(f"{args.scenario}: no such scenario; there are: {', '.join(scenario_names())}") from None
    if args.seconds is not None and not scenario.least_seconds <= args.seconds <= LONGEST_S:
        raise ConfigError(f"--seconds: {scenario.name} needs from {scenario.least_seconds:.0f} to {LONGEST_S:.0f}")
    if args.scale is not None and not LEAST_FAST <= args.scale <= FASTEST:
        raise ConfigError(f"--scale: from {LEAST_FAST} to {FASTEST:.0f}")
    if args.record is not None and args.record.suffix != ".pcapng":
        raise ConfigError(f"{args.record}: a recording is pcapng; give a name that ends in .pcapng")
    scale = args.scale
    if args.expected is not None:
        from linewarden.service.expected_file import load_expected

        if args.watch is None:
            raise ConfigError("--expected says what the sensor may find: use it with --watch")
        load_expected(args.expected)
    if args.baseline is not None and args.watch is None:
        raise ConfigError("--baseline is what the sensor knows to be usual: use it with --watch")
    if args.watch is not None:
        if scale not in (None, 1.0):
            raise ConfigError("--watch: a sensor hears in real time; leave --scale out, or set it to 1")
        scale = 1.0
    return scenario, Settings(args.seconds, scale, args.seed, args.record, args.loopback, args.keep, args.watch,
                              args.expected, args.baseline)  # fmt: skip


def _with_record(settings: Settings, part: Path) -> Settings:
    from dataclasses import replace

    return replace(settings, record=part)


def _quiet(_event: dict[str, Any]) -> None:
    return


def _show(event: dict[str, Any]) -> None:
    """One line of progress on standard error."""
    kind = event["event"]
    text = {
        "loopback": lambda: (
            f"no namespaces ({event['reason']}): on loopback, {event['left_out']} attack steps left out"
        ),
        "built": lambda: f"network of {event['devices']} devices is built; their stacks start",
        "running": lambda: f"the plant is up; it runs for {event['seconds']:.0f} s",
        "step": lambda: f"{event['device']}: {event['what']}",
        "problem": lambda: f"problem: {event['text']}",
        "failed": lambda: f"failed: {event['text']}",
        "plant": lambda: (
            f"{event['seconds']:4d} s  {event['bottles']:.0f} bottles, conveyor {event['conveyor_rpm']:.0f} rpm, "
            f"vibration {event['conveyor_vibration_mm_s']:.1f} mm/s, {event['power_kw']:.0f} kW"
        ),
    }.get(kind)
    if text is not None:
        print(f"linewarden: exercise: {text()}", file=sys.stderr, flush=True)


def summary(truth: dict[str, Any], record: Path | None) -> list[str]:
    """What happened, for a person."""
    made, recorded = truth["production"], truth["recorded"]
    played = truth["scenario"]
    lines = [f"{played['title']} ({played['kind']}), scale {truth['scale']:g}, seed {truth['seed']}"]
    lines.append(f"{truth['begin']} to {truth['end']}, plant time")
    for step in truth["timeline"]:
        frames = step["frames"] or {}
        seen = (
            f"frames {frames['first']} to {frames['last']} ({frames['count']})" if frames.get("count") else "no frames"
        )
        mark = "attack" if step["hostile"] else "step"
        lines.append(f"  {step['begin'][11:19]}  {mark}: {step['who']['device']}: {step['what']} [{step['outcome']}]")
        techniques = f"  {', '.join(step['attack_ics_techniques'])}" if step["attack_ics_techniques"] else ""
        lines.append(f"            {step['result']}; {seen}{techniques}")
    lines.append(
        f"Line: {made['bottles']:.0f} bottles, {made['underfilled']:.0f} short, {made['cap_rejects']:.0f} bad caps; "
        f"it stood for {made['line_standing_seconds']:.0f} s of plant time; {made['energy_kwh']:.1f} kWh"
    )
    lines += [f"Problem: {text}" for text in truth["problems"]]
    if record is not None and recorded:
        lines.append(f"Recorded: {record} ({recorded['frames']:,} frames, {recorded['lost']} lost); "
                     f"ground truth: {record.with_suffix(TRUTH_SUFFIX)}")  # fmt: skip
    return lines
