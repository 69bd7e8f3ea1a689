"""What questions about energy and output have in common: a time, a zone, shifts, and tags that the caller may see."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from linewarden.api.caller import Caller
from linewarden.api.routes.tags import Span, TagQuery, ask_of, chosen, names_of, row_of, span_of
from linewarden.api.tables import made_of_plant
from linewarden.api.times import Time
from linewarden.service.measuring import MeterUnit, meter_unit
from linewarden.service.values import TagState

MOST_LOOKED = 5_000
"""Tags among which meters are looked for; who has more searches."""
OTHERS = 100
LONGEST = 3.2e9


class MeasureQuery(BaseModel):
    """When (`from` and `to`, or the `last` seconds; else all there is), and on which clock."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _only_what_is_said(cls, given: Any) -> Any:
        """A form sends its empty fields, too: they say nothing."""
        if not isinstance(given, dict):
            return given
        said = {k: [x for x in v if x != ""] if isinstance(v, list) else v for k, v in given.items()}
        return {k: v for k, v in said.items() if v != ""}

    start: Annotated[Time | None, Field(alias="from")] = None
    end: Annotated[Time | None, Field(alias="to")] = None
    last: Annotated[float | None, Field(description="seconds", gt=0, le=LONGEST)] = None
    zone: Annotated[str, Field(description="the plant's time zone", max_length=60, examples=["Europe/Berlin"])] = "UTC"
    shift: Annotated[
        list[str], Field(description="planned work", examples=[["early=mon-fri 06:00-14:00"]], max_length=20)
    ] = []


class TagChoice(BaseModel):
    """A tag that can be taken. `kind`: what its unit says of it, power or energy; None: nothing."""

    id: str
    name: str = Field(examples=["Filler 2: Power (kW)"])
    kind: str | None = Field(examples=["power"])


class TagChoices(BaseModel):
    """Meters, and where words were given others that have them. `more`: there are more tags than were looked at."""

    items: list[TagChoice]
    more: bool


def choices(who: Caller, words: str, *, meters: bool) -> TagChoices:
    """Tags by name. meters: those with a unit of power or energy; others only with `words`, and after them."""
    ask = replace(ask_of(who, TagQuery(q=words), "label"), limit=MOST_LOOKED, down=False)
    found = who.place.values.find(ask, made_of_plant(who.view, "names of tags", names_of))
    each = [(tag, unit_of(tag)) for tag in found.tags]
    first = [_choice(who, tag, unit) for tag, unit in each if unit or not meters]
    rest = [_choice(who, tag, None) for tag, unit in each if meters and words and not unit][:OTHERS]
    return TagChoices(items=sorted(first, key=lambda c: c.name.casefold()) + rest, more=found.total > len(found.tags))


def unit_of(tag: TagState) -> MeterUnit | None:
    """Of a meter; None where the tag is none by its unit and names."""
    return meter_unit(tag.facts.ucum, tag.facts.alias, tag.key.label)


def name_of(who: Caller, tag: TagState) -> str:
    """`Filler 2: Power (kW)`"""
    row = row_of(who, tag)
    return f"{row.device_name}: {row.alias or row.label}" + (f" ({row.unit_text})" if row.unit_text else "")


def tags_of(who: Caller, ids: list[str]) -> list[TagState]:
    """In their order. Raises ProblemError if one is none that the caller may see."""
    return chosen(who, Span(tag=ids))


def question_of(tags: list[TagState], query: MeasureQuery) -> dict[str, Any]:
    """What every question says. While values come, it ends with a full minute, so that it is not asked anew each time.

    Raises ProblemError."""
    start, end, live = span_of(tags, Span.model_validate({"from": query.start, "to": query.end, "last": query.last}))
    if live and query.end is None:
        end -= end % 60_000_000_000
        start -= start % 60_000_000_000 if query.last else 0
    return {"start": start, "end": end, "zone": query.zone, "shifts": query.shift}


def version_of(tags: list[TagState]) -> list[int]:
    """Changes when one of these tags has a new value."""
    return [t.count for t in tags]


def _choice(who: Caller, tag: TagState, unit: MeterUnit | None) -> TagChoice:
    return TagChoice(id=tag.id, name=name_of(who, tag), kind=unit.kind if unit else None)
