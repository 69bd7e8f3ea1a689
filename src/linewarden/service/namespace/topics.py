"""Topics of values: a template, and what is known of a tag.

A name becomes one level: what MQTT does not allow in one (+ # and NUL, 4.7.1 of MQTT 5.0) and / become _. Only the / of
a tag's own name parts levels, as with Sparkplug's `Motor/Speed`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

PARTS = ("enterprise", "site", "area", "line", "asset", "source", "protocol", "tag")
"""What may stand in braces. area: the zone of the names file."""
MOST_BYTES = 65_535
"""Of a topic (MQTT 5.0, 1.5.4)."""
_FORBIDDEN = re.compile(r"[+#\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_HOLE = re.compile(r"\{([^{}]*)\}")


def parts_of(template: str) -> list[str]:
    """The parts that a template names, in order. Raises ValueError, which says what is wrong with it."""
    named = _HOLE.findall(template)
    wrong = [p for p in named if p not in PARTS]
    if wrong:
        raise ValueError(f"{{{wrong[0]}}} is no part; there are {', '.join(f'{{{p}}}' for p in PARTS)}")
    plain = _HOLE.sub("", template)
    if _FORBIDDEN.search(plain) or "{" in plain or "}" in plain or template.startswith(("$", "/")):
        raise ValueError("begins with $ or /, or holds + # or a lone brace; write levels and {parts} between /")
    return named


def level(name: str) -> str:
    """A name as one level of a topic."""
    return _FORBIDDEN.sub("_", name.replace("/", "_")).strip().lstrip("$")


def topic_of(template: str, known: Mapping[str, str]) -> str:
    """The topic of a tag; levels of which nothing is known are left out. Raises ValueError if nothing is left, or it
    is too long."""
    levels = []
    for one in template.split("/"):
        filled = _HOLE.sub(lambda hole: _part(hole[1], known.get(hole[1], "")), one)
        levels += [clean for piece in filled.split("/") if (clean := piece.strip())]
    topic = "/".join(levels).lstrip("$")
    if not topic or len(topic.encode()) > MOST_BYTES:
        raise ValueError(f"no topic can be made of {known.get('source', '')} {known.get('tag', '')}"[:200])
    return topic


def _part(name: str, value: str) -> str:
    return "/".join(level(piece) for piece in value.split("/")) if name == "tag" else level(value)
