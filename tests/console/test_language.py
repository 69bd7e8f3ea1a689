"""German is whole, and says what fits."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from gettext import NullTranslations
from importlib.resources import files

import pytest
from babel.messages.pofile import read_po
from starlette.requests import Request

from linewarden.console.language import language_of, translations
from linewarden.console.rendering import weekdays, written
from linewarden.reports.language import folder_of, po_files, translations as of_reports
from tests.console.texts import in_reports, in_templates, looked_up


def has_german(text: str, catalogue: Callable[[str], NullTranslations] = translations) -> bool:
    """It is in the catalog, which may say the same as English."""
    known: dict[object, str] = catalogue("de")._catalog  # type: ignore[attr-defined]
    return bool(known.get(text) or known.get((text, 1)))


def test_every_text_has_german() -> None:
    texts = sorted({*in_templates(), *looked_up()})
    missing = [(where, text) for where, text in texts if not has_german(text)]
    assert not missing, "add these to src/linewarden/console/words/de/*.po:\n" + "\n".join(map(str, missing))


def test_every_text_of_reports_has_german_without_the_console() -> None:
    texts = {text for _, text in (*in_templates("linewarden.reports"), *in_reports())}
    missing = [text for text in sorted(texts) if not has_german(text, of_reports)]
    assert not missing, "add these to src/linewarden/reports/languages/de/*.po:\n" + "\n".join(missing)


def test_nothing_is_said_in_two_ways() -> None:
    said: dict[object, object] = {}
    for place in (*po_files(files("linewarden.console") / "words" / "de"), *po_files(folder_of("de"))):
        for message in read_po(io.BytesIO(place.read_bytes()), locale="de"):
            assert said.setdefault(message.id, message.string) == message.string or not message.id, (
                place.name,
                message.id,
            )


def test_what_is_filled_in_is_the_same() -> None:
    german = translations("de")
    places = re.compile(r"%\(\w+\)[sd]|\{\w*\}")
    for _, text in (*in_templates(), *in_reports()):
        assert sorted(places.findall(german.gettext(text))) == sorted(places.findall(text)), text


@pytest.mark.parametrize(
    ("cookie", "accept", "language"),
    [
        ("", "de-AT,de;q=0.9,en;q=0.5", "de"),
        ("", "fr,en;q=0.8,de;q=0.9", "de"),
        ("", "fr", "en"),
        ("", "", "en"),
        ("", "de;q=x", "en"),
        ("lw_language=en", "de", "en"),
        ("lw_language=xx", "de", "de"),
    ],
)
def test_the_language_is_what_was_chosen_or_asked_for(cookie: str, accept: str, language: str) -> None:
    headers = [(b"accept-language", accept.encode()), (b"cookie", cookie.encode())]
    assert language_of(Request({"type": "http", "headers": headers})) == language


def test_figures_are_written_as_the_language_does() -> None:
    assert (written("1,234.5", "en"), written("1,234.5", "de")) == ("1,234.5", "1.234,5")


def test_days_are_named_in_the_language() -> None:
    assert weekdays("Fri 2026-11-06 07:15", "de") == "Fr 2026-11-06 07:15"
    assert weekdays("2026-11-27 Wed", "en") == "2026-11-27 Wed"
    assert weekdays("late", "de") == "late"


def test_a_word_that_is_counted_is_no_other_word_too() -> None:
    """One of the two would not be found."""
    entries = [
        m
        for file in po_files(files("linewarden.console") / "words" / "de")
        for m in read_po(io.BytesIO(file.read_bytes()))
    ]
    counted = {m.id[0] for m in entries if isinstance(m.id, tuple)}
    assert counted & {m.id for m in entries if isinstance(m.id, str)} == set()
