"""Keeps the catalogues of what detections say (src/linewarden/reports/languages/*/detections/*.po) in step with them.

usage: python scripts/make_words.py [--check]     (--check writes nothing; ends with 1 if something is stale or missing)

A detection says everything in English in its own file; this collects it. A new text comes without a translation, one
whose English changed keeps the old translation marked `fuzzy`, which is not shown; one that nobody says any more goes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.pofile import escape, read_po

from linewarden.reports.language import LANGUAGES, Language
from linewarden.service.casing import known_kinds

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES_AT = ROOT / "src/linewarden/reports/languages"
HEAD = """# {name}: what detections say. `make docs` keeps it in step with them; write only behind `msgstr`.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Language: {language}\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"""
OTHERS = "process_values"
"""The file of kinds of notices that are of no detection."""


@dataclass(frozen=True, slots=True)
class Known:
    """Translations that there are: by their English, and by where it is said."""

    by_text: dict[str, str] = field(default_factory=dict)
    by_place: dict[str, str] = field(default_factory=dict)


def said() -> Iterator[tuple[str, str, str]]:
    """(file, place, text): all that kinds of notices say, in the order of their files."""
    kinds = known_kinds()
    for name in sorted(kinds, key=lambda n: (getattr(kinds[n], "tactic", "~"), n)):
        about = kinds[name]
        texts = [("title", about.title), ("meaning", about.meaning)]
        texts += [(f"step {n}", step) for n, step in enumerate(about.runbook, 1)]
        for what, text in (*texts, ("benign", about.benign)):
            yield getattr(about, "tactic", OTHERS), f"{name}: {what}", text


def known_in(folder: Path) -> Known:
    """What is translated already. One that is marked as unsure counts by its place only."""
    known = Known()
    for file in sorted(folder.glob("*.po")):
        with file.open("rb") as content:
            for message in read_po(content):
                if message.id and message.string:
                    known.by_place.update(dict.fromkeys(message.auto_comments, str(message.string)))
                    if not message.fuzzy:
                        known.by_text[str(message.id)] = str(message.string)
    return known


def catalogues(language: Language, known: Known) -> tuple[dict[str, str], list[str]]:
    """The files by name, as they should be; and each text without a translation, with where it is."""
    places: dict[str, list[str]] = {}
    files: dict[str, str] = {}
    for file, place, text in said():
        places.setdefault(text, []).append(place)
        files.setdefault(text, file)
    written: dict[str, str] = {}
    missing = []
    for text, file in files.items():
        found, before = known.by_text.get(text), known.by_place.get(places[text][0], "")
        if found is None:
            missing.append(f"{file}.po, {places[text][0]}: {text}")
        head = HEAD.format(name=LANGUAGES[language], language=language)
        entry = [*(f"#. {p}" for p in places[text]), *(["#, fuzzy"] if found is None and before else [])]
        entry += [f"msgid {escape(text)}", f"msgstr {escape(found or before)}"]
        written[f"{file}.po"] = written.get(f"{file}.po", head) + "\n" + "\n".join(entry) + "\n"
    return written, missing


def main() -> int:
    """Writes or checks the catalogues."""
    check, wrong = "--check" in sys.argv[1:], 0
    for language in [other for other in LANGUAGES if other != "en"]:
        folder = LANGUAGES_AT / language / "detections"
        folder.mkdir(parents=True, exist_ok=True)
        wanted, missing = catalogues(language, known_in(folder))
        there = {f.name: f.read_text("utf-8") for f in folder.glob("*.po")}
        stale = sorted(name for name in {*wanted, *there} if wanted.get(name) != there.get(name))
        for text in missing:
            print(f"{folder.relative_to(ROOT)}/{text}: no {LANGUAGES[language]} yet")
        if check:
            for name in stale:
                print(f"{folder.relative_to(ROOT)}/{name}: stale, run `make docs`")
            wrong |= bool(missing or stale)
            continue
        for name in stale:
            if name in wanted:
                (folder / name).write_text(wanted[name], "utf-8")
            else:
                (folder / name).unlink()
    return wrong


if __name__ == "__main__":
    sys.exit(main())
