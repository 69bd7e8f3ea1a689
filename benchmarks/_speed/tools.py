"""The tools that are measured: how each is called, and what it wrote."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

INSPECT = Path(__file__).with_name("lake.py")

# The nearest work that Suricata can do: all conversations (joined in the middle too, as a tap gives them) and the two
# OT protocols that it logs. No rules. Memory caps so high that none of them makes it drop work.
SURICATA = """%YAML 1.1
---
default-log-dir: {out}
stats: {{enabled: no}}
outputs:
  - eve-log:
      enabled: yes
      filetype: regular
      filename: eve.json
      types: [flow, modbus, dnp3]
logging: {{default-log-level: error, outputs: [{{console: {{enabled: yes}}}}]}}
app-layer:
  protocols:
    modbus: {{enabled: yes, detection-ports: {{dp: 502}}, stream-depth: 0}}
    dnp3: {{enabled: yes, detection-ports: {{dp: 20000}}}}
    enip: {{enabled: yes, detection-ports: {{dp: 44818, sp: 44818}}}}
stream: {{memcap: 1gb, checksum-validation: no, midstream: true, reassembly: {{memcap: 2gb, depth: 0}}}}
flow: {{memcap: 1gb, hash-size: 262144, prealloc: 10000}}
pcap-file: {{checksum-checks: no}}
rule-files: []
"""

# tshark's names for what our streams hold, as far as it has them.
TSHARK_FIELDS = Path(__file__).with_name("tshark_fields.txt").read_text(encoding="utf-8").split()


@dataclass(frozen=True, slots=True)
class Tool:
    """A way to call a tool. `output` is removed before and after each run; `slice_only`: too slow for a whole file."""

    name: str
    command: Callable[[Path, Path], list[str]]
    count: Callable[[Path], dict[str, int]]
    slice_only: bool = False
    setup: Callable[[Path], None] = field(default=lambda _: None)
    ok: tuple[int, ...] = (0,)


def default_program() -> str:
    """The linewarden of this environment, else of the PATH."""
    beside = Path(sys.executable).with_name("linewarden")
    return str(beside) if beside.exists() else shutil.which("linewarden") or "linewarden"


def compile_files(linewarden: str) -> None:
    """Compiles the program's Python files, as pip does when it installs them.

    In a checkout where Python may not write (PYTHONDONTWRITEBYTECODE), each start would compile them anew: 0.3 s.
    """
    python = Path(linewarden).with_name("python")
    line = "import compileall, linewarden; compileall.compile_dir(linewarden.__path__[0], quiet=2)"
    if python.exists():
        subprocess.run([str(python), "-c", line], check=False)


def ours(linewarden: str) -> Tool:
    """`linewarden read FILE --out DIR --quiet`."""
    compile_files(linewarden)

    def command(capture: Path, out: Path) -> list[str]:
        return [linewarden, "read", str(capture), "--out", str(out / "lake"), "--quiet"]

    return Tool("linewarden", command, lambda out: lake_rows(out / "lake"))


def peers() -> list[Tool]:
    """Those of the other tools that are installed."""
    found: list[Tool] = []
    if shutil.which("suricata"):
        found += [_suricata("single"), _suricata("autofp")]
    if shutil.which("ndpiReader"):
        found.append(Tool("ndpiReader", lambda c, _: ["ndpiReader", "-i", str(c), "-q", "-t"], lambda _: {}))
    if fields := tshark_fields():
        arguments = [part for name in fields for part in ("-e", name)]

        def tshark(capture: Path, out: Path) -> list[str]:
            # Through a file, as a person would keep it.
            line = ["tshark", "-n", "-r", str(capture), "-T", "fields", *arguments]
            return ["sh", "-c", 'out=$1; shift; exec "$@" >"$out"', "sh", str(out / "fields.tsv"), *line]

        found.append(Tool("tshark", tshark, lambda out: {"lines": _lines(out / "fields.tsv")}, slice_only=True))
    return found


def _suricata(mode: str) -> Tool:
    def setup(out: Path) -> None:
        (out / "suricata.yaml").write_text(SURICATA.format(out=out), encoding="utf-8")

    def command(capture: Path, out: Path) -> list[str]:
        options = ["--runmode", mode, "-k", "none", "-l", str(out), "-S", "/dev/null"]
        return ["suricata", "-c", str(out / "suricata.yaml"), "-r", str(capture), *options]

    return Tool(f"suricata {mode}", command, lambda out: eve_events(out / "eve.json"), setup=setup)


def tshark_fields() -> list[str]:
    """Our field list, less what this version of tshark does not know."""
    if not shutil.which("tshark"):
        return []
    known = subprocess.run(["tshark", "-G", "fields"], capture_output=True, text=True, check=True).stdout
    names = {line.split("\t")[2] for line in known.splitlines() if line.startswith("F\t")}
    return [name for name in TSHARK_FIELDS if name in names]


def versions(linewarden: str) -> dict[str, str]:
    """First line of what each tool says of itself."""
    ask = {
        "linewarden": [linewarden, "--version"],
        "suricata": ["suricata", "-V"],
        "tshark": ["tshark", "--version"],
        "ndpiReader": ["ndpiReader", "-h"],
    }
    return {name: _first_line(command) for name, command in ask.items() if shutil.which(command[0])}


def _first_line(command: Sequence[str]) -> str:
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in (said.stdout or said.stderr).splitlines() if line.strip() and "root" not in line]
    return lines[0].strip().removeprefix("This is ").removeprefix("Welcome to ") if lines else "unknown"


def lake_rows(lake: Path) -> dict[str, int]:
    """Rows by stream, and the lake's size under `bytes`."""
    said = inspect_lake(lake, None)
    return {**said["rows"], "bytes": said["bytes"]}  # type: ignore[dict-item]


def inspect_lake(lake: Path, truth: Path | None) -> dict[str, dict[str, int] | int | list[list[object]]]:
    """See `lake.py`; in a process of its own."""
    command = [sys.executable, str(INSPECT), str(lake), *([str(truth)] if truth else [])]
    out: dict[str, dict[str, int] | int | list[list[object]]] = json.loads(subprocess.check_output(command, text=True))
    return out


def eve_events(path: Path) -> dict[str, int]:
    counts = {"bytes": path.stat().st_size}
    with path.open("rb") as file:
        for line in file:
            # The event type stands in every line; a whole JSON parser would take longer than the tool.
            kind = line.partition(b'"event_type":"')[2].partition(b'"')[0].decode("ascii", "replace")
            counts[kind] = counts.get(kind, 0) + 1
    return counts


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)
