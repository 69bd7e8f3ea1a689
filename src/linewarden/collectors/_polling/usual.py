"""Settings that several collectors have: what each means, and its bounds, said once.

And what is wrong with some of them together: pairs of a setting's name and of what is wrong, as `check` gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from linewarden.collectors._polling.times import PER_SECOND, zone_of
from linewarden.collectors.contract import setting

Wrong = tuple[str, str]


def device(otherwise: str) -> Any:
    """The name of the source. `otherwise`: what it is if none is given."""
    return setting(f"name the values are kept under; {otherwise} if empty", default="")


def state() -> Any:
    """Where it is kept how far one is."""
    return setting(
        "file that remembers what was taken, over a restart of ours; without: collectors/NAME.json in the data folder",
        default=None,
    )


def zone() -> Any:
    """Of times in a document or table."""
    return setting("zone of times that say none", default="UTC", examples=("Europe/Berlin",))


def time_format() -> Any:
    """Of times in a document or table that may have a format of their own."""
    return setting("iso, s, ms, us or ns since 1970, or a format such as %d.%m.%Y %H:%M:%S", default="iso")


def retry_first() -> Any:
    """How long is waited after a loss."""
    return setting("wait after a loss; doubled each time", default=1.0, unit="s", least=0.05, most=3600)


def retry_most() -> Any:
    """How long at most."""
    return setting("longest wait after a loss", default=60.0, unit="s", least=0.05, most=86_400)


def timeout(seconds: float) -> Any:
    """Of a device that is polled."""
    return setting("how long a connection and an answer may take", default=seconds, unit="s", least=0.05, most=60)


def interval() -> Any:
    """Of a device that is polled."""
    return setting("how often tags are read", default=1.0, unit="s", least=0.01, most=86_400)


# --- of a tag ---


def own_interval(whose: str) -> Any:
    """`whose`: of what it is if the tag has none."""
    text = f"how often it is read; {whose}'s if not given"
    return setting(text, default=None, unit="s", least=0.01, most=86_400)


def scale(what: str) -> Any:
    """`what`: the thing that is scaled, such as `what the registers hold`."""
    return setting(f"the value is {what}, times scale, plus offset", default=1.0)


def offset() -> Any:
    """Beside `scale`."""
    return setting("see scale; in the unit of the value", default=0.0)


def ucum(*examples: str, more: str = "") -> Any:
    """The unit."""
    return setting(f"unit of the value in UCUM's code{more}", default="", examples=examples or ("Cel",))


def description() -> Any:
    """Free text."""
    return setting("for people", default="")


def low() -> Any:
    """Beside `high`."""
    return setting("least value of the range", default=None)


def high() -> Any:
    """Beside `low`."""
    return setting("greatest value of the range", default=None)


class Ranged(Protocol):
    """A tag with a range."""

    @property
    def low(self) -> float | None:
        """Least value."""

    @property
    def high(self) -> float | None:
        """Greatest value."""


def wrong_tags(
    tags: Sequence[Any], of_tag: Callable[[Any], Iterator[Wrong]], key: str = "name", advice: str = ""
) -> Iterator[Wrong]:
    """What is wrong with each: a `key` that another has, its range, and what `of_tag` finds."""
    seen: set[str] = set()
    for at, tag in enumerate(tags):
        name = getattr(tag, key)
        if name in seen:
            yield f"tags[{at}].{key}", f"{name} is there twice; {advice or 'give each tag a name of its own'}"
        seen.add(name)
        for field, text in (*of_tag(tag), *_range(tag)):
            yield f"tags[{at}].{field}", f"{name}: {text}"


def _range(tag: Ranged) -> Iterator[Wrong]:
    if tag.low is not None and tag.high is not None and tag.low >= tag.high:
        yield "low", f"is not below high ({tag.low:g}, {tag.high:g})"


def wrong_times(zone: str, form: str, *, own_forms: bool = True) -> Iterator[Wrong]:
    """Of `zone` and `time_format`. `own_forms`: a format with % may be given."""
    try:
        zone_of(zone)
    except ValueError as error:
        yield "zone", str(error)
    if form not in ("iso", *PER_SECOND) and not (own_forms and "%" in form):
        more = "us, ns, or a format such as %d.%m.%Y %H:%M:%S" if own_forms else "us or ns"
        yield "time_format", f"is {form}; use iso, s, ms, {more}"
