"""What a person knows better of an asset than the wire does."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from linewarden.api.caller import Who
from linewarden.api.routes.assets import AssetOut, get_asset, visible_asset
from linewarden.api.routes.zones import move, now, show_soon
from linewarden.plant.criticality import Criticality
from linewarden.plant.model import Role
from linewarden.policy import Action, Kind
from linewarden.service.correcting import change, said_anew
from linewarden.service.view import View

router = APIRouter(tags=["assets"])
Word = Annotated[str | None, Field(max_length=200)]


class AssetPatch(BaseModel):
    """What to put right. What is left out stays as it is; an empty text takes back what was put right by hand."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: Word = Field(None, examples=["plc-filler"])
    role: Annotated[Role | Literal[""] | None, Field(description="empty: as the evidence says")] = None
    zone: Annotated[str | None, Field(max_length=80, description="one needs the right there, too")] = None
    line: Word = None
    criticality: Annotated[
        Criticality | Literal[""] | None, Field(description="how much depends on it; empty: as its zone's")
    ] = None
    vendor: Word = None
    model: Word = None
    order_number: Word = None
    hardware: Word = None
    firmware: Word = None
    serial: Word = None
    os: Word = None
    software: Word = None
    location: Word = None

    def fields(self) -> dict[str, str]:
        """What was said, empty where it is to be forgotten."""
        return {name: str(getattr(self, name) or "") for name in self.model_fields_set}


@router.patch("/assets/{id}", operation_id="change_asset")
def change_asset(who: Who, id: str, body: AssetPatch) -> AssetOut:
    """Puts right what an asset is. It counts over what was seen and over a list of names, until it is taken back."""
    asset = visible_asset(who, id)
    thing = who.thing(Kind.ASSET, asset.id, [asset.zone or ""])
    said = body.fields()
    zone = said.pop("zone", None)
    for place in sorted({asset.zone or "", zone or asset.zone or ""}):
        who.need(Action.ASSET_EDIT, who.thing(Kind.ASSET, asset.id, [place]))
    if said:
        with who.doing(Action.ASSET_EDIT, thing):
            change(who.place.lake, lambda known: said_anew(known, asset, said), who.place.ledger)
        show_soon(who, lambda view: _shows(view, asset.id, said))
    if zone is not None:
        move(now(who), [asset], zone)
    return get_asset(now(who), asset.id)


def _shows(view: View, id: str, said: dict[str, str]) -> bool:
    """The asset is as it was said to be; of what was taken back: nobody says it any more."""
    asset = view.assets.get(id)
    if asset is None:
        return False
    by_hand = {e.what: e.value for e in asset.evidence if e.source == "correction"}
    return all(by_hand.get(what, "") == value for what, value in said.items())
