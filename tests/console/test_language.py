"""German is whole, and says what fits."""

from __future__ import annotations

import io
import re
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from starlette.requests import Request

from linewarden.console.language import language_of, translations
from linewarden.console.rendering import written
from tests.console.texts import in_templates, looked_up


def has_german(text: str) -> bool:
    """It is in the catalog, which may say the same as English."""
    known: dict[object, str] = translations("de")._catalog  # type: ignore[attr-defined]
    return bool(known.get(text) or known.get((text, 1)))


def test_every_text_has_german() -> None:
    texts = sorted({*in_templates(), *looked_up()})
    missing = [(where, text) for where, text in texts if not has_german(text)]
    assert not missing, "add these to src/linewarden/console/words/de/*.po:\n" + "\n".join(map(str, missing))


def test_nothing_is_said_in_two_ways() -> None:
    said: dict[object, object] = {}
    for place in sorted(Path(str(files("linewarden.console") / "words" / "de")).glob("*.po")):
        for message in read_po(io.BytesIO(place.read_bytes()), locale="de"):
            assert said.setdefault(message.id, message.string) == message.string or not message.id, (
                place.name,
                message.id,
            )


def test_what_is_filled_in_is_the_same() -> None:
    german = translations("de")
    places = re.compile(r"%\(\w+\)[sd]|\{\w*\}")
    for _, text in in_templates():
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
