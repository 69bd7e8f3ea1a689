"""`linewarden health ...`: models of wear on the command line. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    from linewarden.analytics.maintenance.life import Estimate
    from linewarden.service.maintenance.models import Kept
    from linewarden.service.options import Commands

HEALTH = """examples:
  linewarden health train engines.parquet --unit engine --time hour --out models/engines.json
  linewarden health score today.parquet --model models/engines.json
  linewarden health propose today.parquet --model models/engines.json --of E7 --failure-cost 20000 --planned-cost 2000
  linewarden health calendar
Needs numpy, scipy and lightgbm: pip install 'linewarden[analytics]'.
"""
TRAIN = """examples:
  linewarden health train engines.parquet --unit engine --time hour --out models/engines.json
  linewarden health train runs.csv --unit run --time at --setting load --setting speed --out models/pumps.json
  linewarden health train engines.parquet --unit engine --time cycle --cap 125 --hours 2.5 --out models/engines.json
A row a moment; each unit's last row is its failure, and ten units are the least. Other columns of numbers are tags.
A model that is there stays beside the new one, under its version.
"""
SCORE = """examples:
  linewarden health score today.parquet --model models/engines.json
  linewarden health score today.parquet --model models/engines.json --coverage 0.8 --json
Each unit's history until now, from its beginning; columns are named as they were for `train`.
"""
LIST = """examples:
  linewarden health list                                       the models in models/
  linewarden health list plant/models --json
"""
CARD = """examples:
  linewarden health card models/engines.json > engines.md      Markdown
  linewarden health card models/engines.json --json
"""
EXPORT = """examples:
  linewarden health export models/engines.json --onnx engines.onnx
Needs pip install 'linewarden[onnx]'. What stands before the trees is told in the file's metadata; `score` takes it.
"""
SHOWN_REASONS = 3


def add_health(commands: Commands) -> None:
    """Adds the commands to the whole grammar."""
    from linewarden.service.maintenance.calendar_command import add_calendar

    group = commands.group("health", "how long machines last, and when to act", HEALTH)
    _train(group.add("train", "learn from units that were run until they failed", TRAIN, run_train))
    score = group.add("score", "say how long each unit has left", SCORE, run_score)
    add_source(score)
    score.add_argument(
        "--coverage", type=float, default=0.9, metavar="P", help="of the interval (default: %(default)s)"
    )
    shown = group.add("list", "list the models of a folder", LIST, run_list)
    shown.add_argument("folder", nargs="?", type=Path, default=Path("models"), metavar="DIR", help="(default: models)")
    card = group.add("card", "show what is known of a model", CARD, run_card)
    card.add_argument("model", type=Path, metavar="MODEL", help="file that `health train` wrote")
    export = group.add("export", "write a model as ONNX, for other programs", EXPORT, run_export)
    export.add_argument("model", type=Path, metavar="MODEL", help="file that `health train` wrote")
    export.add_argument("--onnx", type=Path, required=True, metavar="FILE.onnx", help="where to")
    for parser in (score, shown, card):
        parser.add_argument("--json", action="store_true", help="for a program")
    add_calendar(group)


def _train(parser: argparse.ArgumentParser) -> None:
    add: Any = parser.add_argument
    add("file", type=Path, metavar="FILE", help="histories, .parquet or .csv")
    add("--unit", required=True, metavar="COL", help="column that names the unit")
    add("--time", required=True, metavar="COL", help="column of the time: dates, or a count of cycles or hours")
    add("--setting", action="append", default=[], metavar="COL",
        help="column that says how the unit was run, not how it is; may be repeated")  # fmt: skip
    add("--cap", type=float, metavar="T", help="tell no longer life than this (default: 0.6 of the median life)")
    add("--hours", type=float, metavar="H", help="hours of one unit of a counted time")
    add("--seed", type=int, default=0, help="of the folds (default: %(default)s)")
    add("--out", type=Path, required=True, metavar="MODEL", help="file of the model, .json")
    add("--json", action="store_true", help="the card, for a program")


def add_source(parser: argparse.ArgumentParser) -> None:
    """A file of histories, and the model that judges it."""
    add: Any = parser.add_argument
    add("file", type=Path, metavar="FILE", help="histories until now, .parquet or .csv")
    add("--model", type=Path, required=True, metavar="MODEL", help="file that `health train` or `export` wrote")
    add("--unit", metavar="COL", help="column that names the unit (default: as for `train`; '' if it is one unit)")
    add("--time", metavar="COL", help="column of the time (default: as for `train`)")


def run_train(args: argparse.Namespace) -> int:
    """Learns and writes."""
    from dataclasses import replace

    from linewarden.service.files import reserve
    from linewarden.service.maintenance import models
    from linewarden.service.maintenance.cards import as_dict, time_word
    from linewarden.service.maintenance.histories import need_analytics, read_histories
    from linewarden.service.people_house import machine_user

    need_analytics()
    for name in ("cap", "hours"):
        value = getattr(args, name)
        if value is not None and not 0 < value < 1e9:
            raise ConfigError(f"--{name} {value:g}: must be more than 0")
    if args.out.suffix.lower() != ".json":
        raise ConfigError(f"{args.out}: a model is a .json file; `health export` makes ONNX of it")
    if args.out.exists():
        models.read(args.out)  # another's file is not replaced, and hours of learning not done in vain
    with reserve(args.out):
        data = read_histories(args.file, args.unit, args.time)
        kept = models.train(
            data, args.unit, args.time, tuple(args.setting), cap=args.cap, seed=args.seed, name=args.out.stem,
            by=machine_user(),
        )  # fmt: skip
    hours = data.hours or args.hours
    kept = replace(kept, card=replace(kept.card, hours=hours))
    card = models.write(args.out, kept)
    if args.json:
        _print_json(as_dict(models.Kept(card, kept.model)))
        return 0
    model, unit = kept.model, time_word(hours)
    if data.left_out:
        print(f"Left out, as they are no numbers: {', '.join(data.left_out)}")
    print(f"{args.out}: version {card.version}, from {model.units} units ({model.rows:,} rows, {len(model.tags)} tags, "
          f"{len(model.points)} operating point(s)).")  # fmt: skip
    print(f"Units that it had not seen: off by {model.error:.1f} {unit} (RMSE; always saying the mean: "
          f"{model.error_of_mean:.1f}); it tells up to {model.cap:,.0f}.")  # fmt: skip
    return 0


def run_score(args: argparse.Namespace) -> int:
    """What each unit has left, the shortest first."""
    from linewarden.service.maintenance.cards import time_word

    if not 0 < args.coverage < 1:
        raise ConfigError(f"--coverage {args.coverage:g}: between 0 and 1")
    kept, found = scored(args)
    found.sort(key=lambda e: (e.left, e.unit))
    if args.json:
        _print_json({
            "model": kept.card.name, "version": kept.card.version, "coverage": args.coverage,
            "time": time_word(kept.card.hours), "units": [estimate_as_dict(e, kept) for e in found],
        })  # fmt: skip
        return 0
    from linewarden.service.people_command import print_table

    rows = [[e.unit, f"{e.at:,.6g}", left_in_words(e, kept), interval_in_words(e, kept), reasons(e)] for e in found]
    print_table(["unit", "at", "left", f"{args.coverage:.0%} interval", "shortened by"], rows)
    print(f"In {time_word(kept.card.hours)}; model {kept.card.name}, version {kept.card.version}.")
    return 0


def scored(args: argparse.Namespace) -> tuple[Kept, list[Estimate]]:
    """The model, and what it says of each unit of the file."""
    from linewarden.service.maintenance.histories import need_analytics, read_histories
    from linewarden.service.maintenance.models import read

    need_analytics()
    kept = read(args.model)
    data = read_histories(args.file, *_columns(args, kept), kept.model.columns)
    return kept, kept.model.estimates(data.runs, args.coverage)


def _columns(args: argparse.Namespace, kept: Kept) -> tuple[str, str]:
    return (kept.card.unit if args.unit is None else args.unit), args.time or kept.card.time


def estimate_as_dict(e: Estimate, kept: Kept) -> dict[str, Any]:
    """For JSON; the upper end is null where it is the cap or more."""
    return {
        "unit": e.unit, "at": e.at, "left": e.left, "low": e.low, "high": None if math.isinf(e.high) else e.high,
        "or_more": e.or_more, "cap": kept.model.cap,
        "why": [{"tag": tag, "moves": moved} for tag, moved in e.why],
    }  # fmt: skip


def left_in_words(e: Estimate, kept: Kept) -> str:
    """The estimate."""
    return f"{kept.model.cap:,.0f} or more" if e.or_more else f"{e.left:,.1f}"


def interval_in_words(e: Estimate, kept: Kept) -> str:
    """The interval."""
    return f"{e.low:,.0f} to " + (f"{kept.model.cap:,.0f} or more" if math.isinf(e.high) else f"{e.high:,.0f}")


def reasons(e: Estimate) -> str:
    """The tags that shorten the life, and by how much."""
    return ", ".join(f"{tag} ({moved:+.0f})" for tag, moved in e.why[:SHOWN_REASONS] if moved < -0.5)


def run_list(args: argparse.Namespace) -> int:
    """The models, and files that are none."""
    from linewarden.service.maintenance.cards import as_dict, time_word
    from linewarden.service.maintenance.histories import need_analytics
    from linewarden.service.maintenance.models import listed

    need_analytics()
    found = listed(args.folder)
    if args.json:
        _print_json([{"file": str(p), **({"problem": k} if isinstance(k, str) else as_dict(k))} for p, k in found])
        return 0
    if not found:
        print(f"No models in {args.folder}. Make one: linewarden health train FILE --unit COL --time COL --out "
              f"{args.folder}/NAME.json")  # fmt: skip
        return 0
    from linewarden.service.people_command import print_table

    rows = [
        [p.name, "", "", "", "", k] if isinstance(k, str) else
        [p.name, str(k.card.version), k.card.made[:16], k.card.by, str(k.model.units),
         f"{k.model.error:.1f} {time_word(k.card.hours)}"]
        for p, k in found
    ]  # fmt: skip
    print_table(["file", "version", "made", "by", "units", "error"], rows)
    return 0


def run_card(args: argparse.Namespace) -> int:
    """The card."""
    from linewarden.service.maintenance.cards import as_dict, markdown
    from linewarden.service.maintenance.histories import need_analytics
    from linewarden.service.maintenance.models import read

    need_analytics()
    kept = read(args.model)
    if args.json:
        _print_json(as_dict(kept))
    else:
        from linewarden.reports.words import clean

        for line in markdown(kept).splitlines():
            print(clean(line, 4_000))
    return 0


def run_export(args: argparse.Namespace) -> int:
    """ONNX."""
    from linewarden.service.files import reserve
    from linewarden.service.maintenance.histories import need_analytics
    from linewarden.service.maintenance.models import export_onnx, read

    need_analytics()
    if args.onnx.suffix.lower() != ".onnx":
        raise ConfigError(f"{args.onnx}: give the file a name that ends in .onnx")
    kept = read(args.model)
    with reserve(args.onnx) as place:
        place.write_bytes(export_onnx(kept))
    print(f"{args.onnx}: {kept.model.width} features in, remaining life out; its metadata tells what the features are.")
    return 0


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
