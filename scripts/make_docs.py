"""Writes the generated pages of docs/reference from the code, and checks every relative link of the Markdown files.

usage: python scripts/make_docs.py [--check]     (--check writes nothing; ends with 1 if something is stale or broken)
"""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from linewarden.detections.catalogue import detections
from linewarden.detections.detection import Detection
from linewarden.protocols._shared.compile import native_stream
from linewarden.protocols.registry import protocols
from linewarden.records import COMMON, ENVELOPE, Column, Stream, stream_of
from linewarden.records.schema import ENDPOINTS
from linewarden.service.config.pages import reference

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEAD = """# Records

Written from the code by `make docs`; do not edit. A section is one Parquet stream, `stream=<name>/` in a lake.

Types: `ts` is a time in ns UTC; `str` and `text` are UTF-8 (few or many distinct values); `u8` to `u64`, `i64` and
`f64` are numbers; `list[f64]` is a list of numbers. A column marked * is never null.
"""


def records_page() -> str:
    """The whole page as Markdown."""
    parts = [HEAD, _table("## In every record", ENVELOPE), _table("## In records of a conversation", ENDPOINTS)]
    parts.append("# Common streams\n")
    parts += [_section(stream_of(record)) for record in COMMON]
    parts.append("# Native streams\n\nOne row a transaction: a request with its answer, in the protocol's own words.\n")
    for protocol in protocols():
        stream = native_stream(protocol)
        source = f" (source: {protocol.reference})" if protocol.reference else ""
        parts.append(_section(dataclasses.replace(stream, doc=stream.doc + source)))
    return "\n".join(parts)


def _section(stream: Stream) -> str:
    known = {c.name for c in ENVELOPE + ENDPOINTS}
    lead = "Envelope and endpoints, and:" if "id.orig_h" in stream.names else "Envelope, and:"
    columns = tuple(c for c in stream.columns if c.name not in known)
    doc = " ".join(stream.doc.split())
    return _table(f"## `{stream.name}`\n\n{doc}\n\n{lead}", columns)


def _table(title: str, columns: tuple[Column, ...]) -> str:
    rows = [
        f"| `{c.name}`{'' if c.nullable else '*'} | {c.type} | {c.unit} | {c.doc.replace('|', '/')} |" for c in columns
    ]
    return "\n".join([title, "", "| column | type | unit | meaning |", "| --- | --- | --- | --- |", *rows, ""])


DETECTIONS = """# Detections

Written from the code by `make docs`; do not edit. {count} of them, by tactic of ATT&CK for ICS; `linewarden
detections NAME` says the same in a terminal. Weight is that of a usual case: what was refused weighs less, what is said
to a safety controller more. v19 numbers are inferred from equal names.
"""


def detections_page() -> str:
    """All detections with what they mean, what they read and what can be set."""
    found = sorted(detections(), key=lambda d: (d.tactic, d.name))
    parts, tactic = [DETECTIONS.format(count=len(found))], ""
    for d in found:
        if d.tactic != tactic:
            tactic = d.tactic
            parts.append(f"# {tactic.replace('_', ' ').capitalize()}\n")
        parts.append(_detection(d))
    return "\n".join(parts)


def _detection(d: Detection) -> str:
    named = ", ".join(f"{t.id} {t.name}" + (f" (v19: {t.v19})" if t.v19 != t.id else "") for t in d.techniques)
    lines = [f"## `{d.name}`", "", f"{d.title}. Weight {d.severity}. {named}.", "", d.meaning, "",
             f"Harmless if: {d.benign}", "", f"Reads: {', '.join(f'`{s}`' for s in sorted(d.needs))}.", ""]  # fmt: skip
    if settings := d.settings():
        lines += ["| setting | default | unit | meaning |", "| --- | --- | --- | --- |"]
        lines += [f"| `{s['name']}` | {s['value']} | {s['unit']} | {s['doc']} |" for s in settings] + [""]
    return "\n".join(lines)


def broken_links() -> Iterator[str]:
    """Every relative link that leads nowhere, as `file: target`."""
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("changes/*.md")]:
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            path = target.split("#")[0]
            if path and "://" not in path and not path.startswith("mailto:") and not (page.parent / path).exists():
                yield f"{page.relative_to(ROOT)}: {target}"


def main(check: bool) -> int:
    """Returns the exit code."""
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        if check:
            print(f"docs: {path.relative_to(ROOT)} is stale; run `make docs` and commit it", file=sys.stderr)
        else:
            path.write_text(pages()[path], encoding="utf-8")
            print(f"docs: wrote {path.relative_to(ROOT)}")
    broken = list(broken_links())
    for link in broken:
        print(f"docs: broken link in {link}", file=sys.stderr)
    return 1 if broken or (stale and check) else 0


@cache
def pages() -> dict[Path, str]:
    """What each generated page should be."""
    return {
        REFERENCE / "records.md": records_page(),
        REFERENCE / "detections.md": detections_page(),
        REFERENCE / "config.md": reference(),
    }


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
