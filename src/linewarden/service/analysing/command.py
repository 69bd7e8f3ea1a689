"""`linewarden analytics`: the grammar of the command and its output. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    from linewarden.service.analysing.machine import Machine
    from linewarden.service.analysing.settings import Analytics
    from linewarden.service.options import Commands

EXAMPLES = """examples:
  linewarden analytics learn lake/ --out learned/            learn how machines run, from a lake of good times
  linewarden analytics learn lake/ --out learned/ --add      learn on
  linewarden analytics show learned/                         how much is known of each machine
  linewarden analytics show learned/ --machine 10.0.0.1      its tags, what they are, and between what they lie
  linewarden analytics approve learned/ 10.0.0.1 --lake lake/ --since 2026-11-26T08:00 --until 2026-11-26T09:00
                                                             what was odd then is normal
  linewarden analytics forget learned/ 10.0.0.1              learn this machine anew: after a repair, a rebuild
  linewarden analytics freeze learned/ 10.0.0.1              learn nothing more by itself, but still judge
  linewarden analytics freeze learned/ --off                 all of them learn again
  linewarden detect lake/ --analytics learned/               judge with it
The folder of a service is analytics/live-SENSOR in its data folder; what is said there is taken over within seconds.
"""


def add_analytics(commands: Commands) -> None:
    """Adds the command to the whole grammar."""
    group = commands.group("analytics", "how machines run: learn, show, approve, forget, freeze", EXAMPLES)
    learn: Any = group.add("learn", "learn how machines run, from a lake", EXAMPLES, run_learn)
    learn.add_argument("lake", type=Path, metavar="LAKE", help="records of good times")
    learn.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to keep it")
    learn.add_argument("--add", action="store_true", help="DIR is there: learn on")
    _config(learn)
    show: Any = group.add("show", "how much is known of each machine, or all of one", EXAMPLES, run_show)
    show.add_argument("folder", type=Path, metavar="DIR", help="what machines learned")
    show.add_argument("--machine", metavar="NAME", help="its tags")
    approve: Any = group.add("approve", "say that what was odd is normal", EXAMPLES, run_approve)
    approve.add_argument("folder", type=Path, metavar="DIR", help="what machines learned")
    approve.add_argument("machine", metavar="NAME", help="as `analytics show` names it")
    approve.add_argument("--lake", type=Path, required=True, metavar="LAKE", help="where its values are")
    approve.add_argument("--since", required=True, metavar="TIME", help="such as 2026-11-26T08:00, or 2h (ago)")
    approve.add_argument("--until", required=True, metavar="TIME", help="the same")
    _config(approve)
    forget: Any = group.add("forget", "let a machine learn anew", EXAMPLES, run_forget)
    forget.add_argument("folder", type=Path, metavar="DIR", help="what machines learned")
    forget.add_argument("machine", nargs="+", metavar="NAME", help="as `analytics show` names it")
    freeze: Any = group.add("freeze", "learn nothing more by itself, but still judge", EXAMPLES, run_freeze)
    freeze.add_argument("folder", type=Path, metavar="DIR", help="what machines learned")
    freeze.add_argument("machine", nargs="*", metavar="NAME", help="as `analytics show` names it (default: all)")
    freeze.add_argument("--off", action="store_true", help="learn again")
    for sub in (learn, show, approve, forget, freeze):
        sub.add_argument("--json", action="store_true", help="for a program")


def _config(parser: Any) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="FILE.toml", help="machines, hints and times as its [analytics] says"
    )


def _said(args: argparse.Namespace) -> Analytics:
    from linewarden.service.analysing.settings import Analytics, lacking

    if text := lacking():
        raise ConfigError(text)
    if args.config is None:
        return Analytics()
    from linewarden.service.config import load_config
    from linewarden.service.config.parts import analytics_of

    found = analytics_of(load_config(args.config))
    if found is None:
        raise ConfigError(f"{args.config}: analytics.enabled is false; set it to true, or leave --config out")
    return found


def run_learn(args: argparse.Namespace) -> int:
    """A lake to a folder."""
    from linewarden.service.analysing import kept
    from linewarden.service.analysing.analysis import Analysis
    from linewarden.service.analysing.over_lake import analyse_lake
    from linewarden.service.audit import Change, recorded
    from linewarden.service.lake import open_lake
    from linewarden.service.lake_files import reading

    said = _said(args)
    there = any(kept.machine_files(args.out))
    if there and not args.add:
        raise ConfigError(f"{args.out}: holds what machines learned already; --add learns on, or name another folder")
    lake = open_lake(args.lake)
    analysis = Analysis(said)
    if there:
        kept.load_all(args.out, analysis)
    with reading(args.lake):
        analyse_lake(lake, said, taps=_OneTap(analysis))
    machines = [m for m in analysis.machines.values() if m.rows]
    if not machines:
        raise ConfigError(f"{args.lake}: no process values to learn from; `linewarden tags {args.lake}` lists them")
    try:
        args.out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{args.out}: cannot be made ({error.strerror or error}); choose another place") from error
    with recorded(args.out, Change("analytics.learned", str(args.out), after={"machines": len(machines)})):
        kept.save_all(args.out, analysis)
    return _shown(args, [_about(m) for m in machines])


class _OneTap(dict[str, Any]):
    """All sensors of a lake are one tap: what is learned is of the machines, whoever heard them."""

    def __init__(self, analysis: Any) -> None:
        super().__init__({"": analysis})

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> Any:
        return self[""]


def run_show(args: argparse.Namespace) -> int:
    """A line a machine, or a line a tag."""
    from linewarden.service.analysing import kept

    facts = [kept.facts_of(path) for path in kept.machine_files(args.folder)]
    if not facts:
        raise ConfigError(f"{args.folder}: nothing that a machine learned; `linewarden analytics learn` makes it")
    if args.machine is None:
        from linewarden.service.analysing.settings import Wanted

        rows = []
        for f in facts:
            hours = f.rows * f.seconds / 3600
            rows.append({"machine": f.machine, "tags": len(f.tags), "hours": round(hours, 2),
                         "known": round(min(1.0, hours / Wanted().learn_hours), 3), "frozen": f.frozen})  # fmt: skip
        return _shown(args, rows)
    machine = _loaded(args.folder, args.machine)
    if args.json:
        print(json.dumps(_tags(machine), indent=1))
        return 0
    from linewarden.service.tables import catalogue_table, console

    table = [(t["tag"], t["kind"], f"{t['low']:.6g}", f"{t['high']:.6g}") for t in _tags(machine)]
    console(sys.stdout).print(catalogue_table(("Tag", "Is", "Usually from", "to"), table))
    return 0


def _tags(machine: Machine) -> list[dict[str, Any]]:
    if machine.model is None:
        return [{"tag": t, "kind": "not known yet", "low": 0.0, "high": 0.0} for t in machine.tags]
    kinds = machine.model.shape.kinds
    return [
        {"tag": tag, "kind": kinds[k].name.lower(), "low": float(machine.model.usual[k][0]),
         "high": float(machine.model.usual[k][1])}
        for k, tag in enumerate(machine.tags)
    ]  # fmt: skip


def run_approve(args: argparse.Namespace) -> int:
    """Rows of a time to what is normal."""
    from linewarden.service.analysing import kept
    from linewarden.service.analysing.approving import approve
    from linewarden.service.audit import Change, recorded
    from linewarden.service.noticing import since

    begin, end = since(args.since), since(args.until)
    if end <= begin:
        raise ConfigError(f"--until {args.until}: is not after --since")
    machine = _loaded(args.folder, args.machine)
    rows = approve(machine, args.lake, begin, end, _said(args))
    if not rows:
        raise ConfigError(f"{args.lake}: no values of {args.machine} in this time")
    said = {"machine": args.machine, "rows": rows, "since": args.since, "until": args.until}
    with recorded(args.folder, Change("analytics.approved", args.machine, after=said)):
        kept.save_machine(args.folder, machine)
    return _shown(args, [_about(machine)])


def run_forget(args: argparse.Namespace) -> int:
    """Machines begin to learn anew."""
    from linewarden.service.analysing import kept
    from linewarden.service.audit import Change, recorded

    machines = [_loaded(args.folder, name) for name in args.machine]
    for machine in machines:
        machine.forget()
        machine.edit += 1
        with recorded(args.folder, Change("analytics.forgotten", machine.name)):
            kept.save_machine(args.folder, machine)
    return _shown(args, [_about(m) for m in machines])


def run_freeze(args: argparse.Namespace) -> int:
    """Machines learn nothing more by themselves, or go on."""
    from linewarden.service.analysing import kept
    from linewarden.service.audit import Change, recorded

    names = args.machine or [kept.facts_of(path).machine for path in kept.machine_files(args.folder)]
    if not names:
        raise ConfigError(f"{args.folder}: nothing that a machine learned; `linewarden analytics learn` makes it")
    machines = [_loaded(args.folder, name) for name in names]
    for machine in machines:
        machine.frozen = not args.off
        machine.edit += 1
        with recorded(args.folder, Change("analytics.thawed" if args.off else "analytics.frozen", machine.name)):
            kept.save_machine(args.folder, machine)
    return _shown(args, [_about(m) for m in machines])


def _loaded(folder: Path, name: str) -> Machine:
    from linewarden.service.analysing import kept
    from linewarden.service.analysing.machine import Machine
    from linewarden.service.analysing.settings import Wanted

    path = kept.file_of(folder, name)
    if not path.exists():
        raise ConfigError(f"{name}: no such machine; `linewarden analytics show {folder}` lists them")
    machine = Machine(name, Wanted(seconds=kept.facts_of(path).seconds))
    kept.load_into(path, machine)
    return machine


def _about(machine: Machine) -> dict[str, Any]:
    hours = machine.rows * machine.wanted.seconds / 3600
    known = round(min(1.0, machine.rows / machine.wanted.learn_rows), 3)
    return {"machine": machine.name, "tags": len(machine.tags), "hours": round(hours, 2), "known": known,
            "frozen": machine.frozen}  # fmt: skip


def _shown(args: argparse.Namespace, rows: list[dict[str, Any]]) -> int:
    if args.json:
        print(json.dumps(rows, indent=1))
        return 0
    from linewarden.service.tables import catalogue_table, console

    table = [(str(r["machine"]), str(r["tags"]), f"{r['hours']:.2f} h",
              f"{r['known']:.0%}{', frozen' if r['frozen'] else ''}") for r in rows]  # fmt: skip
    console(sys.stdout).print(catalogue_table(("Machine", "Tags", "Learned", "Of its time"), table))
    return 0
