"""`linewarden packets`: the grammar and the output. Imports nothing heavy at the top."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import CaptureError, ConfigError

if TYPE_CHECKING:
    from linewarden.service.options import Commands
    from linewarden.service.packets import Captures, Named, Outcome
    from linewarden.wire.cutting import Around

PACKETS = """examples:
  linewarden packets lake/ --notice 3fa9c1 --out proof.pcapng           what a notice names, and 10 s around it
  linewarden packets lake/ --case 81c0de --captures captures/ --out case.pcapng
  linewarden packets lake/ --uid CnXyz1 --out flow.pcapng --only        only the packets that records name
  linewarden packets plant.pcapng --frames 4711,4720-4725 --out cut.pcapng
  linewarden packets lake/ --notice 3fa9c1 --captures packets/ --out proof.pcapng     of `watch --keep packets/`
  linewarden packets lake/ --notice 3fa9c1 --fields                     what was read of them, and where it stands
  linewarden packets packets/ --of watch-20261126T101500.000Z-000003.pcapng:4711 --out cut.pcapng
A packet that was named has a comment in the file (Wireshark: frame.comment). The beginning of an id will do.
Captures are looked for where they were when they were read, and beside the lake; else give --captures.
"""
MOST_READ = 64
"""Packets whose fields are shown in one run: a person reads them."""
MOST_NAMED = 100_000
"""Packets that are named and cut in one run: they are held in memory meanwhile."""


def add_packets(commands: Commands) -> None:
    """Adds the command to the whole grammar."""
    parser = commands.add("packets", "cut the packets that prove something out of captures", PACKETS, run_packets)
    add: Any = parser.add_argument
    add("source", type=Path, metavar="LAKE|CAPTURE", help="a lake; with --frames a capture; with --of also a folder")
    wanted: Any = parser.add_mutually_exclusive_group(required=True)
    wanted.add_argument("--notice", metavar="ID", help="the packets of this notice (column notice_id)")
    wanted.add_argument("--case", metavar="ID", help="the packets of all notices of this case")
    wanted.add_argument("--uid", metavar="UID", help="the packets of this flow that records tell of")
    wanted.add_argument("--frames", metavar="N,N-N", help="packets of the capture by number, from 1")
    wanted.add_argument("--of", action="append", metavar="CAPTURE:FRAME", help="a packet; may be repeated")
    out: Any = parser.add_mutually_exclusive_group(required=True)
    out.add_argument("--out", type=Path, metavar="FILE.pcapng", help="where to write them")
    out.add_argument("--fields", action="store_true",
        help=f"show their fields, with the bytes of each; of the first {MOST_READ}")  # fmt: skip
    add_captures(parser)
    add("--only", action="store_true", help="only the packets that are named, nothing around them")
    add("--seconds", type=float, default=10.0, metavar="S",
        help="add what the same conversations said so long before and after (default: %(default)g)")  # fmt: skip
    add("--most", type=int, default=1_000, metavar="N",
        help="of that, keep the nearest, so that the file has N packets at most (default: %(default)s)")  # fmt: skip
    add("--json", action="store_true", help="for a program")


def add_captures(parser: argparse.ArgumentParser) -> None:
    """Where the captures lie that records name."""
    parser.add_argument("--captures", type=Path, nargs="+", action="extend", default=[], metavar="PATH",
        help="captures, or folders of them, such as that of `watch --keep`")  # fmt: skip


def run_packets(args: argparse.Namespace) -> int:
    """Packets into a pcapng file."""
    from linewarden.wire.cutting import Around

    if not 0 <= args.seconds <= 86_400 * 366:
        raise ConfigError(f"--seconds {args.seconds:g}: use 0 to a year")
    if args.most < 1:
        raise ConfigError(f"--most {args.most}: use 1 or more")
    named, captures = _wanted(args)
    if args.fields:
        return _show_fields(named, captures, args.json)
    if len(named) > MOST_NAMED:
        say_warning(f"{len(named):,} packets are named; the first {MOST_NAMED:,} are cut")
        named = named[:MOST_NAMED]
    around = None if args.only else Around(args.seconds, args.most)
    outcome = cut_one(args.out, named, captures, around)
    if args.json:
        json.dump(outcome_as_dict(outcome), sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        print(said_of(outcome))
    return 0


def _show_fields(named: Sequence[Named], captures: Captures, as_json: bool) -> int:
    """The fields of packets, for a person or a program."""
    from linewarden.service import packet_fields
    from linewarden.service.packet_places import shown

    found = shown(named[:MOST_READ], captures)
    for problem in found.problems:
        say_warning(problem)
    if not found.packets:
        raise CaptureError(next(iter(found.problems), "no packet is named"))
    if len(named) > MOST_READ:
        say_warning(f"{len(named):,} packets are named; the first {MOST_READ} are shown")
    if as_json:
        json.dump(packet_fields.as_list(found.packets), sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in packet_fields.lines(found.packets))
    return 0


def _wanted(args: argparse.Namespace) -> tuple[Sequence[Named], Captures]:
    """The packets that were asked for, and where to look for them."""
    from linewarden.service import packets_wanted
    from linewarden.service.packets import Captures

    if args.frames is not None:
        if args.captures:
            raise ConfigError("--captures: with --frames the capture itself is given")
        if args.source.is_dir():
            raise ConfigError(f"{args.source}: is a folder; with --frames give one capture")
        return packets_wanted.by_frames(str(args.source), args.frames), Captures([args.source])
    if args.of:
        named = [packets_wanted.by_name(text) for text in args.of]
        return named, _places(args)
    by = next(b for b in ("notice", "case", "uid") if getattr(args, b) is not None)
    wanted = getattr(args, by)
    if not wanted:
        raise ConfigError(f"--{by}: is empty; give the id, or its beginning")
    named = getattr(packets_wanted, f"by_{by}")(args.source, wanted)
    return named, Captures(args.captures, args.source)


def _places(args: argparse.Namespace) -> Captures:
    """Packets that were named one by one lie in the folder that was given, if it is no lake."""
    from linewarden.service.lake import is_lake
    from linewarden.service.packets import Captures

    if is_lake(args.source):
        return Captures(args.captures, args.source)
    return Captures([args.source, *args.captures])


def cut_one(out: Path, named: Sequence[Named], captures: Captures, around: Around | None) -> Outcome:
    """Writes one file and warns of what is not in it. Raises CaptureError if no packet was found."""
    from linewarden.service.packets import Wish, cut_out

    (outcome,) = cut_out([Wish(out, tuple(named))], captures, around)
    if not outcome.packets:
        raise CaptureError(next(iter(outcome.problems), f"{out}: no packet is named"))
    warn(outcome)
    return outcome


def warn(outcome: Outcome) -> None:
    """What is wrong, a line each on standard error."""
    for problem in outcome.problems:
        say_warning(problem)


def say_warning(text: str) -> None:
    """A clean line: names of captures come from records, and those from anywhere."""
    shown = "".join(c if c.isprintable() else "\ufffd" for c in text)
    print(f"linewarden: warning: {shown}", file=sys.stderr)


def said_of(outcome: Outcome) -> str:
    """A line for a person."""
    around = outcome.packets - outcome.named
    some = f"{outcome.named:,} of {outcome.wanted:,} packets that were named"
    parts = [some if outcome.wanted > 1 else "the packet that was named"]
    if around:
        parts.append(f"{around:,} around {'them' if outcome.named > 1 else 'it'}")
    if outcome.left_out:
        parts.append(f"{outcome.left_out:,} more left out (--most)")
    return f"{outcome.out}: {', '.join(parts)}"


def outcome_as_dict(outcome: Outcome) -> dict[str, Any]:
    """The same for a program."""
    return {
        "out": str(outcome.out), "packets": outcome.packets, "named": outcome.named, "wanted": outcome.wanted,
        "left_out": outcome.left_out, "problems": list(outcome.problems),
    }  # fmt: skip
