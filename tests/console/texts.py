"""Every text of console and reports that a person reads: of templates, and of the words that these look up."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from babel.messages.extract import extract

from linewarden.console.case_words import STATES
from linewarden.console.entries import modules
from linewarden.console.examples import EXAMPLES
from linewarden.console.rendering import level_word
from linewarden.plant.model import Role
from linewarden.plant.role_reasons import SENTENCES
from linewarden.records import Verb
from linewarden.reports import words

FUNCTIONS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
SEVERITIES = ("critical", "high", "medium", "low", "info")


def in_templates(*rooms: str) -> Iterator[tuple[str, str]]:
    """(template, text), of the pages and of the reports that have languages, or of one of these rooms."""
    options = {"trimmed": "false", "silent": "false", "newstyle_gettext": "true"}
    for room in rooms or ("linewarden.console", "linewarden.reports"):
        for place in sorted(Path(str(files(room) / "templates")).rglob("*.j2")):
            yield from _extracted(place, "jinja2.ext:babel_extract", options)


def in_reports() -> Iterator[tuple[str, str]]:
    """(file, text): what the code of reports asks for."""
    for place in sorted(Path(str(files("linewarden.reports"))).glob("*.py")):
        yield from _extracted(place, "python", {})
    yield from (("role_reasons.py", sentence) for sentence in SENTENCES)
    yield from (("verb", words.verb(v)) for v in Verb)
    yield from (("severity", word) for word in (*words.SEVERITIES.values(), *SEVERITIES) if word != "Good")


def _extracted(place: Path, method: str, options: dict[str, str]) -> Iterator[tuple[str, str]]:
    text = io.BytesIO(place.read_bytes())
    for _line, message, _comments, _context in extract(method, text, FUNCTIONS, options=options):
        if said := message[0] if isinstance(message, tuple) else message:
            yield place.name, said


def looked_up() -> Iterator[tuple[str, str]]:
    """Words that templates translate as they come: `_(case.severity)`."""
    yield from (("severity", s) for s in SEVERITIES)
    yield from (("role", words.role(r)) for r in Role)
    yield from (("level", level_word(at)) for at in (None, *(at for at, _, _ in words.LEVELS)))
    yield from (("case state", word) for word in STATES.values())
    yield from (("examples", e.title) for e in EXAMPLES)
    for module in modules():
        if hasattr(module, "ENTRY"):
            yield module.__name__, module.ENTRY.title
