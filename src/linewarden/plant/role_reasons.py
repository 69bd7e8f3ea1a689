"""The sentences that say why a device is taken for what it is, so that who shows them can say them in another language.

SENDS.format(what="program download")     what `roles` gives, and what is kept
taken_apart("sends program download")     (SENDS, {"what": "program download"})
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

OF_KIND = "{who} says it is of kind {kind}"
SAYS = "{who} says {text}"
NAMED = "its name is {name}"
MADE_BY = "made by {vendor}"
ANSWERS = "answers {what}"
SENDS = "sends {what}"
ANSWERS_MANY = "answers {number} services"
SERVES = "serves {number} clients"
POLLS_ONE = "reads or writes 1 device"
POLLS = "reads or writes {number} devices"
BETWEEN = "reads other devices and is read itself"
PASSES_ON = "passes values on: reads {number} devices and is read by {readers}"
ROUTES_ONE = "its MAC carries packets of another IP address, from beyond a router"
ROUTES = "its MAC carries packets of {number} other IP addresses"
VIRTUAL_ROUTER = "answers on a virtual router's MAC (VRRP, HSRP, CARP)"

SENTENCES = (
    OF_KIND, SAYS, NAMED, MADE_BY, ANSWERS, SENDS, ANSWERS_MANY, SERVES, POLLS_ONE, POLLS, BETWEEN, PASSES_ON,
    ROUTES_ONE, ROUTES, VIRTUAL_ROUTER,
)  # fmt: skip
_NUMBERS = frozenset({"number", "readers"})
_PLACE = re.compile(r"\\\{(\w+)\\\}")


def taken_apart(reason: str) -> tuple[str, Mapping[str, str]] | None:
    """The sentence that a reason is, and what stands in its places; None for what a person wrote.

    Values are anybody's words: at worst a reason is taken for another of these sentences, with the same words in it.
    """
    for sentence, pattern in _patterns():
        if found := pattern.fullmatch(reason):
            return sentence, found.groupdict()
    return None


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Those that say most themselves come first: `answers 4 services` is no service that is called so."""
    most_first = sorted(SENTENCES, key=lambda s: len(re.sub(r"\{\w+\}", "", s)), reverse=True)
    return tuple((s, re.compile(_PLACE.sub(_value, re.escape(s)), re.DOTALL)) for s in most_first)


def _value(place: re.Match[str]) -> str:
    return f"(?P<{place[1]}>{'[0-9]+' if place[1] in _NUMBERS else '.+?'})"
