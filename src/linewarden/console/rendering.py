"""A page from a template: who looks, their language and theme, and what the scripts are called.

Names come from hostile traffic: templates escape everything, and nothing of a page is a script or a style.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from linewarden.api.caller import Caller
from linewarden.api.times import time_of
from linewarden.cases.export.common import tactic_name
from linewarden.cases.model import technique_name
from linewarden.console.case_words import case_state
from linewarden.console.entries import entries_for, may_anywhere
from linewarden.console.language import LANGUAGES, language_of, translations
from linewarden.errors import ConfigError
from linewarden.plant.model import Role
from linewarden.policy import Action, Kind
from linewarden.reports import words
from linewarden.reports.language import case_title, role_reason, said
from linewarden.reports.map_nodes import role_icon
from linewarden.reports.values_view import number
from linewarden.service.web import csrf_token

THEMES = ("auto", "light", "dark", "contrast")
STATIC = "/static/"


def page(request: Request, template: str, who: Caller | None = None, status: int = 200, **values: Any) -> HTMLResponse:
    """A page. Templates see `who`, `may(action, kind)`, `entries`, and what is given here."""
    language = language_of(request)
    common = {
        "request": request, "language": language, "languages": LANGUAGES, "theme": theme_of(request), "who": who,
        "entries": entries_for(who) if who else [], "csrf": csrf_of(request),
        "with_query": lambda **changes: with_query(request, **changes), "path": request.url.path,
        "may": lambda action, kind: who is not None and may_anywhere(who, Action(action), Kind(kind)),
    }  # fmt: skip
    text = environment(language).get_template(template).render({**common, **values})
    return HTMLResponse(text, status)


def csrf_of(request: Request) -> str:
    """The word for forms: of the session's new secret, where this answer hands one out."""
    new = getattr(request.state, "new_secret", None)
    return csrf_token(new) if new else getattr(request.state, "csrf", "")


def theme_of(request: Request) -> str:
    """The reader's theme; `auto` follows the system."""
    chosen = request.cookies.get("lw_theme", "auto")
    return chosen if chosen in THEMES else "auto"


def with_query(request: Request, **changes: Any) -> str:
    """This address with other query parameters; None takes one away. The cursor goes, as it is of another list."""
    kept = [(k, v) for k, v in request.query_params.multi_items() if k not in changes and k != "cursor"]
    return "?" + urlencode(kept + [(k, str(v)) for k, v in changes.items() if v is not None])


@cache
def environment(language: str) -> Environment:
    """The templates in a language; behind ours those of `reports/`, for drawings that both show."""
    env = Environment(
        loader=ChoiceLoader([PackageLoader("linewarden.console"), PackageLoader("linewarden.reports")]),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"], auto_reload=False,
    )  # fmt: skip
    texts = translations(language)
    env.install_gettext_translations(texts, newstyle=True)  # type: ignore[attr-defined]
    env.filters |= {
        "number": lambda n: grouped(n, language), "size": words.size, "plural": words.plural, "clean": words.clean,
        "protocol": words.protocol, "level_word": level_word, "level_number": words.level_number,
        "role": lambda r: words.role(Role(r)), "role_icon": lambda r: role_icon(Role(r)), "verb": words.verb,
        "duration": words.duration,
        "time": time_tag, "ns_time": lambda ns, form="both": time_tag(time_of(ns), form),
        "iso_time": iso_time, "fixed": lambda n, places: written(f"{n:,.{places}f}", language),
    }  # fmt: skip
    env.filters |= {"tactic": tactic_name, "technique": technique_name, "case_state": case_state, "fit": words.fit}
    env.filters |= {"said": lambda text: said(text, texts), "case_title": lambda title: case_title(title, texts)}
    env.filters["weekdays"] = lambda text: weekdays(text, language)
    env.filters["role_reason"] = lambda reason: role_reason(reason, texts)
    env.globals |= {"scripts": scripts, "styles": styles, "figure": lambda n: written(number(n), language)}
    return env


def weekdays(text: str, language: str) -> str:
    """`Fri 2026-11-06 07:15`, with the name of the day as the language has it."""
    from babel.dates import get_day_names

    english, own = (get_day_names("abbreviated", locale=name) for name in ("en", language))
    there = {english[day]: own[day].rstrip(".") for day in range(7)}
    return " ".join(there.get(word, word) for word in text.split(" "))


def warm() -> None:
    """Reads all templates, so that the first who opens a page does not wait for it."""
    for language in LANGUAGES:
        env = environment(language)
        for name in PackageLoader("linewarden.console").list_templates():
            env.get_template(name)


def grouped(number: float, language: str) -> str:
    """A number as the language writes it: 1,234 or 1.234."""
    from babel.numbers import format_decimal

    return str(format_decimal(number, locale=language))


def written(figure: str, language: str) -> str:
    """An English figure as the language writes it: 1,234.5 or 1.234,5."""
    return figure.translate(str.maketrans(",.", ".,")) if language == "de" else figure


def level_word(level: float | None) -> str:
    """What happens at a Purdue level: `Control`."""
    return words.level_name(level).partition(" ")[2] if level is not None else "level not known"


def time_tag(time: Any, form: str = "both") -> Markup:
    """A time that the page's script shows in the reader's zone; in UTC where no script runs.

    `form`: both, date, time, hour, day_hour or ago.
    """
    if time is None:
        return Markup("&ndash;")
    machine = time.isoformat().replace("+00:00", "Z")
    tag = Markup('<time datetime="{}" data-form="{}">{:%Y-%m-%d %H:%M:%S} UTC</time>')
    return tag.format(machine, form, time)


def iso_time(text: str) -> Markup | str:
    """A time that a file holds as text; the text itself where it is none, or says no zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return text
    return time_tag(time.astimezone(UTC)) if time.tzinfo else text


@cache
def _manifest() -> dict[str, Any]:
    """What Vite made of each entry. Raises ConfigError if it was not built."""
    place = files("linewarden.console") / "static" / "manifest.json"
    try:
        found: dict[str, Any] = json.loads(place.read_text("utf-8"))
    except OSError:
        raise ConfigError("the console's scripts are not built; run `make setup` in the checkout, or install the wheel"
                          ) from None  # fmt: skip
    return found


def _chunk(entry: str) -> dict[str, Any]:
    source = "src/main.ts" if entry == "main" else f"src/islands/{entry}.ts"
    found: dict[str, Any] = _manifest()[source]
    return found


def scripts(*entries: str) -> Markup:
    """The script elements of entries: `main`, or the name of an island."""
    tag = Markup('<script type="module" src="{}"></script>')
    return Markup("").join(tag.format(STATIC + _chunk(e)["file"]) for e in entries)


def styles(*entries: str) -> Markup:
    """The style sheets of entries, and of what they import."""
    found: dict[str, None] = {}
    for entry in entries:
        for chunk in _with_imports(_chunk(entry)):
            found.update(dict.fromkeys(chunk.get("css", ())))
    tag = Markup('<link rel="stylesheet" href="{}">')
    return Markup("").join(tag.format(STATIC + css) for css in found)


def _with_imports(chunk: dict[str, Any]) -> list[dict[str, Any]]:
    return [*(c for name in chunk.get("imports", ()) for c in _with_imports(_manifest()[name])), chunk]
