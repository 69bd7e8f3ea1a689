"""The grammar of the command line: commands, options and their help. Imports nothing heavy."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from linewarden.service.asking import Connect, add_where

Run = Callable[[argparse.Namespace], int]

READ = """examples:
  linewarden read plant.pcapng                                 a summary in the terminal
  linewarden read plant.pcapng --report plant.html             a report to hand over, one file (.pdf: as pages)
  linewarden read captures/ '*.pcap.gz' --out lake/            folders and globs; keep every record
  tcpdump -w - -i mirror0 | linewarden read -                  standard input; Ctrl-C ends the recording
  linewarden read plant.pcapng --names names.csv --out lake/   with your names, kept for the next time
"""
WATCH = """examples:
  sudo linewarden watch mirror0 --out lake/                    listen until Ctrl-C; every record into the lake
  sudo linewarden watch mirror0 mirror1 --out lake/            both directions of a tap, as one
  sudo linewarden watch mirror0 --out lake/ --filter 'not port 22'
  sudo linewarden watch mirror0 --out lake/ --keep packets/ --keep-mb 20000 --keep-hours 72
  linewarden query lake/ "SELECT * FROM command ORDER BY ts DESC LIMIT 5"      meanwhile, in another terminal
Root opens the interface and then becomes the user who called sudo, `linewarden` or `nobody` (--user). Nothing is sent.
For a service: packaging/systemd in the source, docs/watch.md.
"""
QUERY = """examples:
  linewarden query lake/ "SELECT verb, count(*) AS n FROM command GROUP BY verb ORDER BY n DESC"
  linewarden query lake/ 'SELECT "id.orig_h", "id.resp_h", target FROM command WHERE verb = $$write$$' --csv
  linewarden query lake/ "SHOW TABLES"
  linewarden query "SELECT verb FROM command" --server https://plant:9443 --token-file token --ca linewarden-ca.pem
Each stream is a table (linewarden streams); site and date are columns too. Only reading is possible.
"""
DIFF = """examples:
  linewarden diff before.pcapng after.pcapng
  linewarden diff lake-march/ lake-april/ --report diff.html
"""
CORRECT = """examples:
  linewarden correct lake/ --merge 10.0.0.5 10.0.1.5           two addresses, one device
  linewarden correct lake/ --split 10.0.0.5                    this address is a device of its own
  linewarden correct lake/ --set 10.0.0.5 role=hmi --set 10.0.0.5 "name=Filler panel"
  linewarden correct lake/ --set 10.0.0.5 role=                forget that again
  linewarden correct lake/ --report plant.html                 what is kept, and a new report
Corrections are kept in lake/plant.json and used at every read into it, and by diff.
"""
STREAMS = """examples:
  linewarden streams
  linewarden streams conn command --json
"""
PROTOCOLS = """example:
  linewarden protocols --json
"""


class Commands:
    """The commands of the program: each room that has some adds them with `add`.

    A name may have two words, such as `cases export`, beside a command `cases`: see `joined`.
    """

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._all = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(self, name: str, help: str, examples: str, run: Run) -> argparse.ArgumentParser:
        """A command; `help` is a few words, lower case. The caller adds its options to what it gets."""
        return _command(self._all, name, help, examples, run)

    def group(self, name: str, help: str, examples: str) -> Commands:
        """A command that has commands of its own, such as `lake compact`."""
        parser = _command(self._all, name, help, examples, None)
        found = Commands.__new__(Commands)
        found._all = parser.add_subparsers(metavar="COMMAND", required=True)
        return found


def joined(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> list[str]:
    """The arguments with the first two as one, if together they name a command of the parser."""
    actions = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    known = {name for action in actions for name in action.choices}
    two = " ".join(arguments[:2])
    return [two, *arguments[2:]] if len(arguments) > 1 and two in known else list(arguments)


def _command(all_of_them: Any, name: str, help: str, examples: str, run: Run | None) -> argparse.ArgumentParser:
    sub: argparse.ArgumentParser = all_of_them.add_parser(
        name, help=help, description=help[0].upper() + help[1:] + ".", epilog=examples, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    if run is not None:
        sub.set_defaults(run=run, quiet=False, no_progress=False)
        sub.add_argument("--debug", action="store_true", help="on an error, show where in the program")
    return sub


def add_commands(parser: argparse.ArgumentParser, runs: Mapping[str, Run], connect: Connect) -> Commands:
    """Adds the commands of this file; `runs` has the function of each by name. Gives what others add theirs to."""
    commands = Commands(parser)

    def command(name: str, help: str, examples: str) -> argparse.ArgumentParser:
        return commands.add(name, help, examples, runs[name])

    _read(command("read", "read captures: summary, report, lake", READ))
    _watch(command("watch", "listen to live interfaces: a lake that grows", WATCH))
    query = command("query", "ask a lake with SQL (DuckDB)", QUERY)
    add_where(query, connect, "folder that `read --out` wrote")
    query.add_argument("sql", metavar="SQL", help="one SELECT; - reads it from standard input")
    form = query.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="rows as a JSON list of objects")
    form.add_argument("--csv", action="store_true", help="rows as CSV with a header")
    diff = command("diff", "what changed between two captures or lakes", DIFF)
    diff.add_argument("a", metavar="A", help="before: capture (file, folder, glob) or lake")
    diff.add_argument("b", metavar="B", help="after")
    diff.add_argument("--names", type=Path, metavar="FILE", help="your names, for both")
    _outputs(diff)
    _correct(command("correct", "say what is wrong in the inventory of a lake", CORRECT))
    streams = command("streams", "list the streams of a lake and their columns", STREAMS)
    streams.add_argument("stream", nargs="*", metavar="STREAM", help="only these")
    streams.add_argument("--json", action="store_true", help="for a program")
    protocols = command("protocols", "list the protocols that are understood", PROTOCOLS)
    protocols.add_argument("--json", action="store_true", help="for a program")
    return commands


def _outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write a report, .html or .pdf: one file, needs no network"
    )
    parser.add_argument("--json", action="store_true", help="result for a program on standard output")
    parser.add_argument("--no-progress", action="store_true", help="no progress bar")


def _read(parser: argparse.ArgumentParser) -> None:
    add: Any = parser.add_argument
    add("captures", nargs="+", metavar="CAPTURE",
        help="pcap or pcapng, also .gz and .zst; a folder, a glob, or - for standard input")  # fmt: skip
    add("--out", type=Path, metavar="DIR", help="keep every record: write a Parquet lake here (added to what is there)")
    add("--names", type=Path, metavar="FILE", help="your names: CSV or .xlsx with address, name, zone, role, line; "
        "kept in the lake")  # fmt: skip
    add("--forget-names", action="store_true", help="forget the names that the lake kept")
    add("--site", default="default", metavar="NAME", help="site in the lake (default: %(default)s)")
    add("--sensor", default="local", metavar="NAME", help="name of the tap, in every record (default: %(default)s)")
    add("--interval", type=float, default=60.0, metavar="SECONDS",
        help="cyclic reads are counted in one row per so many seconds (default: 60)")  # fmt: skip
    _outputs(parser)
    add("--quiet", action="store_true", help="no summary and no progress bar, only warnings and errors")


def _watch(parser: argparse.ArgumentParser) -> None:
    add: Any = parser.add_argument
    add("interfaces", nargs="+", metavar="IFACE", help="interface; of several, packets are put in order by time")
    add("--out", type=Path, metavar="DIR", required=True, help="the lake (added to what is there)")
    add("--filter", default="", metavar="EXPR", help="only what this tcpdump expression lets through (needs tcpdump)")
    add("--keep", type=Path, metavar="DIR", help="keep packets too: a ring of pcapng files here")
    add("--keep-mb", type=int, default=1024, metavar="MB", help="at most so many MB of them (default: %(default)s)")
    add("--keep-hours", type=float, default=24.0, metavar="H", help="and none older (default: %(default)g)")
    add("--ring", type=int, default=32, metavar="MIB",
        help="memory of each interface for packets in waiting (default: %(default)s)")  # fmt: skip
    add("--no-promiscuous", action="store_true", help="hear only what is for this machine, or for all")
    add("--user", metavar="NAME", help="who to become once the interfaces are open; root: stay, without capabilities")
    add("--site", default="default", metavar="NAME", help="site in the lake (default: %(default)s)")
    add("--sensor", default="local", metavar="NAME", help="name of the tap, in every record (default: %(default)s)")
    add("--interval", type=float, default=60.0, metavar="SECONDS",
        help="cyclic reads are counted in one row per so many seconds (default: 60)")  # fmt: skip
    add("--detect", action="store_true", help="say what is wrong as it happens; notices go into the lake, too")
    add("--expected", type=Path, metavar="FILE.toml",
        help="with --detect: announced maintenance, and what is normal (docs/detections.md)")  # fmt: skip
    add("--baseline", type=Path, metavar="FILE",
        help="with --detect: what is usual is known from this file, if it is there, and kept in it")  # fmt: skip
    add("--rules", type=Path, metavar="DIR", help="with --detect: and the site's own rules (linewarden rules)")
    add("--analytics", type=Path, metavar="DIR",
        help="with --detect: judge process values; what machines learned is kept here, and known again")  # fmt: skip
    add("--every", type=float, metavar="SECONDS",
        help="how often to tell how it goes (default: 1 in a terminal and with --json, else 60)")  # fmt: skip
    add("--json", action="store_true", help="one JSON object an interval on standard output")
    add("--quiet", action="store_true", help="no status, only what happens")


def _correct(parser: argparse.ArgumentParser) -> None:
    add: Any = parser.add_argument
    add("lake", type=Path, metavar="LAKE", help="folder that `read --out` wrote")
    add("--merge", nargs=2, action="append", default=[], metavar=("A", "B"), help="two addresses of one device")
    add("--split", action="append", default=[], metavar="A", help="an address that is a device of its own")
    add("--set", nargs=2, action="append", default=[], metavar=("A", "FIELD=VALUE"),
        help="what the device at A is; an empty value forgets it")  # fmt: skip
    add("--forget", action="store_true", help="forget the corrections that were kept")
    add("--forget-names", action="store_true", help="forget the names that were kept")
    _outputs(parser)
