"""The reader's language. English stands in the templates, others in `words/LANGUAGE/*.po`, see `reports.language`."""

from __future__ import annotations

from functools import cache
from gettext import NullTranslations
from importlib.resources import files

from starlette.requests import Request

from linewarden.reports.language import LANGUAGES, Language, compiled, folder_of

__all__ = ["COOKIE", "LANGUAGES", "language_of", "translations"]

COOKIE = "lw_language"


def language_of(request: Request) -> Language:
    """What the reader chose, else the first that the browser asks for and we have (RFC 9110, 12.5.4)."""
    chosen = _known(request.cookies.get(COOKIE, ""))
    if chosen is not None:
        return chosen
    asked: list[tuple[float, str]] = []
    for part in request.headers.get("accept-language", "").split(",")[:20]:
        name, _, weight = part.partition(";q=")
        try:
            asked.append((-float(weight or 1), name.strip().partition("-")[0].lower()))
        except ValueError:
            continue
    wanted = (_known(name) for _, name in sorted(asked, key=lambda a: a[0]))
    return next((language for language in wanted if language is not None), "en")


def _known(name: str) -> Language | None:
    return next((language for language in LANGUAGES if language == name), None)


@cache
def translations(language: str) -> NullTranslations:
    """The texts of a language: those of the pages, and what detections and reports say."""
    return compiled(language, [files("linewarden.console") / "words" / language, folder_of(language)])
