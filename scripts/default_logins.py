"""Writes the table of factory logins, as hashes, from the list of DefaultCreds-cheat-sheet.

usage: python scripts/default_logins.py DefaultCreds-Cheat-Sheet.csv LICENSE COMMIT
"""

from __future__ import annotations

import csv
import re
import sys
from collections import defaultdict
from pathlib import Path

from linewarden.protocols._shared.default_logins import TABLE, digest

PLANT = re.compile(
    r"(?i)^(abb|advantech|allen|beckhoff|emerson|ge |hirschmann|honeywell|lantronix|mitsubishi|moxa|omron|phoenix|"
    r"rockwell|ruggedcom|schneider|siemens|sixnet|wago|westermo|yokogawa)"
)
"""Makers whose devices stand in plants: named first."""
NAMED = 3


def makers(names: set[str]) -> str:
    """A few of them, and how many more."""
    plain = {re.sub(r"\s*[\[(<].*", "", name).strip() for name in names} - {""}
    once = {name.lower(): name for name in sorted(plain, reverse=True)}.values()
    ordered = sorted(once, key=lambda n: (not PLANT.match(n), n.lower()))
    more = len(ordered) - NAMED
    return ", ".join(ordered[:NAMED]) + (f" and {more} more" if more > 0 else "")


def main(source: str, licence: str, commit: str) -> None:
    """Both a name and a password: without one of them there is nothing to compare."""
    logins: dict[tuple[str, str], set[str]] = defaultdict(set)
    with Path(source).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            pair = row["username"].strip(), row["password"].strip()
            if all(pair) and not any(re.search(r"[<>()]", text) for text in pair):
                logins[pair].add(row["productvendor"].strip())
    head = [
        "Logins that devices come with: first 16 digits of a SHA-256 (see default_logins.py), and whose they are.",
        f"Facts from https://github.com/ihebski/DefaultCreds-cheat-sheet at {commit}, under this licence:", "",
        *Path(licence).read_text(encoding="utf-8").splitlines(),
    ]  # fmt: skip
    lines = [f"# {line}".rstrip() for line in head]
    lines += sorted(f"{digest(*pair)}\t{makers(names)}" for pair, names in logins.items() if makers(names))
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines) - len(head)} logins, {TABLE.stat().st_size} bytes: {TABLE}")


if __name__ == "__main__":
    main(*sys.argv[1:4])
