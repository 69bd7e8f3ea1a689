"""Languages: English stands in the templates, others in `words/LANGUAGE/*.po` (GNU gettext), read once at the start."""

from __future__ import annotations

import io
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files

from starlette.requests import Request

LANGUAGES = {"en": "English", "de": "Deutsch"}
COOKIE = "lw_language"


def language_of(request: Request) -> str:
    """What the reader chose, else the first that the browser asks for and we have (RFC 9110, 12.5.4)."""
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    asked: list[tuple[float, str]] = []
    for part in request.headers.get("accept-language", "").split(",")[:20]:
        name, _, weight = part.partition(";q=")
        try:
            asked.append((-float(weight or 1), name.strip().partition("-")[0].lower()))
        except ValueError:
            continue
    return next((name for _, name in sorted(asked, key=lambda a: a[0]) if name in LANGUAGES), "en")


@cache
def translations(language: str) -> NullTranslations:
    """The texts of a language: all its .po files, one a page, together. A test holds that no two say it differently."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    if language == "en":
        return NullTranslations()
    whole = Catalog(locale=language)
    folder = files("linewarden.console") / "words" / language
    for place in sorted((f for f in folder.iterdir() if f.name.endswith(".po")), key=lambda f: f.name):
        with place.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id and whole.get(message.id, message.context) is None:
                    whole.add(message.id, message.string, context=message.context)
    compiled = io.BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return GNUTranslations(compiled)
