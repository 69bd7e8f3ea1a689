"""Languages: English stands in code and templates, others in `languages/LANGUAGE/**/*.po` (GNU gettext), read once.

What a detection says of itself is in `languages/LANGUAGE/detections/`, a file a tactic; `scripts/make_words.py` keeps
these in step with the detections. Records, and what other programs read, stay English.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from linewarden.cases.model import split_title
from linewarden.plant.role_reasons import taken_apart

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from babel.messages.catalog import Catalog

Language = Literal["en", "de"]
LANGUAGES: dict[Language, str] = {"en": "English", "de": "Deutsch"}


@cache
def translations(language: str) -> NullTranslations:
    """What detections and reports say. English is what stands in them."""
    return compiled(language, [folder_of(language)])


def folder_of(language: str) -> Traversable:
    """Where the texts of a language lie."""
    return files("linewarden.reports") / "languages" / language


def compiled(language: str, folders: Iterable[Traversable]) -> NullTranslations:
    """All .po files in these folders together. Tests hold that no two say the same differently."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo

    if language == "en":
        return NullTranslations()
    whole = Catalog(locale=language)
    for place in (p for folder in folders for p in po_files(folder)):
        _add(whole, place, language)
    packed = io.BytesIO()
    write_mo(packed, whole)
    packed.seek(0)
    return GNUTranslations(packed)


def po_files(folder: Traversable) -> Iterator[Traversable]:
    """The .po files in a folder and those in it, by name."""
    for place in sorted(folder.iterdir(), key=lambda f: f.name):
        if place.is_dir():
            yield from po_files(place)
        elif place.name.endswith(".po"):
            yield place


def _add(whole: Catalog, place: Traversable, language: str) -> None:
    from babel.messages.pofile import read_po

    with place.open("rb") as file:
        for message in read_po(file, locale=language):
            unsure = message.fuzzy  # of a text whose English changed since
            if message.id and not unsure and whole.get(message.id, message.context) is None:
                whole.add(message.id, message.string, context=message.context)


def said(text: str, texts: NullTranslations) -> str:
    """A text of a detection as `texts` say it; what is not known there, as it is: of a site's own rules.

    What comes back is plain text, to be escaped: titles of rules are anybody's.
    """
    return texts.gettext(text) if text else ""


def case_title(title: str, texts: NullTranslations) -> str:
    """The title of a case, see `cases.model.title_of`."""
    worst, more = split_title(title)
    if not more:
        return said(worst, texts)
    # not with %: a rule's title may have one
    form = texts.ngettext("{title} and one more finding", "{title} and {num} more kinds of findings", more)
    return form.replace("{num}", str(more), 1).replace("{title}", said(worst, texts), 1)


def role_reason(reason: str, texts: NullTranslations) -> str:
    """Why a device is taken for what it is; what a person wrote, as it is. Plain text, to be escaped."""
    found = taken_apart(reason)
    return reason if found is None else texts.gettext(found[0]).format(**found[1])


def in_other_languages(title: str) -> Iterator[str]:
    """The same title as readers of other languages see it, so that their words find it."""
    for language in LANGUAGES:
        if (other := case_title(title, translations(language))) != title:
            yield other
