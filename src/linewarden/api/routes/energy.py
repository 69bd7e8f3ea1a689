"""Energy: which tags are meters, and what one says: loads, waste in money, and what comes next."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from linewarden.api.caller import Caller, Who
from linewarden.api.measuring import (
    MeasureQuery,
    TagChoices,
    choices,
    name_of,
    question_of,
    tags_of,
    unit_of,
    version_of,
)
from linewarden.errors import ConfigError
from linewarden.policy import Action, Kind
from linewarden.service.measuring.named import named
from linewarden.service.values.tag import TagState

router = APIRouter(tags=["energy"])


class EnergyQuery(MeasureQuery):
    """Which meter, and what of it."""

    tag: Annotated[str, Field(description="id of the meter's tag", max_length=64)] = ""
    kind: Annotated[
        Literal["power", "energy", "counter"] | None,
        Field(description="kW at an instant, kWh since the last reading, a counter of kWh; without: by its unit"),
    ] = None
    forecast: Annotated[bool, Field(description="the slot after the last, too: takes some seconds")] = False


class PeakOut(BaseModel):
    """A slot of high demand. `local`: on the plant's clock."""

    at: float = Field(description="s since the epoch, UTC")
    local: str
    kw: float


class GroupOut(BaseModel):
    """A weekday or a shift: kWh, kW, and its share of all energy."""

    name: str
    kwh: float
    mean_kw: float
    base_kw: float
    peak_kw: float
    share: float


class BillOut(BaseModel):
    """Money of the time that was looked at."""

    energy: float
    demand: float
    reactive: float
    total: float


class WasteOut(BaseModel):
    """kWh and money a year. `how`: how it was counted."""

    kind: str
    what: str
    how: str
    kwh_a_year: float
    money_a_year: float


class NextOut(BaseModel):
    """The slot after the last: kWh, and between which bounds in 90 % of slots."""

    at: float = Field(description="s since the epoch, UTC")
    kwh: float
    low: float
    high: float


class PieceOut(BaseModel):
    """Energy by good pieces: all of it shared out, and the line through hours."""

    kwh: float = Field(description="a good piece, all energy shared out")
    good: float = Field(description="pieces")
    fixed_kw: float | None = Field(description="taken however many are made")
    each_kwh: float | None = Field(description="that one more takes")
    explained: float | None = Field(description="share of the variance between hours that this explains")


class PartOut(BaseModel):
    """A sub-meter of [[meter.part]]; the one without a name is what none of them counts."""

    name: str
    kwh: float | None
    share: float | None = Field(description="of the meter's energy, in slots where both are known")
    wrong: str = Field(description="why it could not be counted")


class CourseOut(BaseModel):
    """Mean power of equal pieces of time."""

    t: list[float] = Field(description="when each begins, s since the epoch, UTC")
    kw: list[float | None]


class EnergyOut(BaseModel):
    """What a meter says (docs/energy.md). Times are s since the epoch, UTC."""

    tag: str
    name: str
    kind: str
    zone: str
    begin: float
    until: float
    values: int = Field(description="readings, or pieces of time where there were too many")
    piece_s: float = Field(description="length of a piece; 0: each reading was taken")
    slot_s: float
    kwh: float
    mean_kw: float
    base_kw: float
    load_factor: float
    missing_share: float
    peaks: list[PeakOut]
    weekdays: list[GroupOut]
    shifts: list[GroupOut]
    hours: list[list[float | None]] = Field(description="mean kW: seven rows from Monday on, a column an hour")
    course: CourseOut
    currency: str
    prices_are_examples: bool = Field(description="true: nobody wrote [tariff] into the configuration")
    bill: BillOut
    waste: list[WasteOut]
    per_piece: PieceOut | None
    no_pieces: str = Field(description="why good pieces could not be counted, if [[meter]] names them")
    parts: list[PartOut]
    next: NextOut | None
    no_forecast: str = Field(description="why there is none, if one was asked for")


@router.get("/energy/meters", operation_id="list_meters")
def list_meters(who: Who, q: Annotated[str, Query(max_length=200)] = "") -> TagChoices:
    """Tags with a unit of power or energy; with words also others that have them."""
    return choices(who, q, meters=True)


@router.get("/energy", operation_id="get_energy")
def get_energy(who: Who, query: Annotated[EnergyQuery, Query()]) -> EnergyOut:
    """Base load, peaks, a usual week, costs and waste of a meter; counted by a process of its own."""
    return energy_of(who, query)


def energy_of(who: Caller, query: EnergyQuery) -> EnergyOut:
    """Raises ProblemError, ConfigError, QueryError or BusyError."""
    if not query.tag:
        raise ConfigError("tag: say which meter; /energy/meters lists them")
    tags = tags_of(who, [query.tag])
    unit = unit_of(tags[0])
    if unit is None and query.kind is None:
        raise ConfigError("kind: this tag has no unit of power or energy; say power, energy or counter (kW or kWh)")
    tariff = who.place.config.tariff
    found = who.place.measures.ask(
        "energy",
        {**question_of(tags, query), "key": list(tags[0].key), "tag": tags[0].id, "stated": query.kind is not None,
         "kind": query.kind or (unit.kind if unit else ""), "scale": unit.scale if unit else 1.0,
         "tariff": tariff.table() if tariff else None, "forecast": query.forecast, **_beside(who, tags[0])},
        version_of(tags),
    )  # fmt: skip
    peaks = [{**p, "local": local} for p, local in zip(found["peaks"], found["local"], strict=True)]
    return EnergyOut.model_validate({**found, "name": name_of(who, tags[0]), "peaks": peaks})


def _beside(who: Caller, tag: TagState) -> dict[str, Any]:
    """What [[meter]] says of this tag, without what the caller may not see."""
    said = next((m for m in who.place.config.meter if named(tag.key[:5], m.tag) == tag.key), None)
    if said is None:
        return {}
    parts = [part.model_dump() for part in said.part if _sees(who, part.tag)]
    return {"good": said.good if said.good and _sees(who, said.good) else None, "parts": parts}


def _sees(who: Caller, text: str) -> bool:
    """Whether the caller may see a tag by its name; a name with several strokes may be of several devices."""
    devices = [text[:place] for place, letter in enumerate(text) if letter == "/"]
    zones = sorted({who.view.zone(d) for d in devices}) or [""]
    return who.zones(Action.TAG_READ, Kind.TAG).all_of(zones)
