"""Files that people send: captures, which are read into the lake, and lists of names."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from linewarden.api.caller import Caller, Who
from linewarden.api.incoming import BODY, received
from linewarden.api.listing import FILES, Listing, ListQuery, Page
from linewarden.api.problems import ProblemError, not_found
from linewarden.api.routes.zones import show_soon
from linewarden.api.times import Time
from linewarden.plant.names import Names
from linewarden.policy import Action, Kind
from linewarden.service.correcting import change_names
from linewarden.service.intake import Arrival, IntakeDesk
from linewarden.service.intake.desk import MOST_NAMES
from linewarden.service.uploads import UploadError
from linewarden.service.uploads.quarantine import Upload

router = APIRouter(tags=["uploads"])
PATHS = ("/api/v1/captures", "/api/v1/names", "/uploads")
"""The beginnings of paths whose bodies may be large."""
NameOf = Annotated[
    str, Query(max_length=400, description="what the file is called; a form names it itself", examples=["line1.pcapng"])
]


class UploadRow(BaseModel):
    """A file that was sent, and what became of it."""

    id: str = Field(examples=["5f1d8a2b9c3e4f60718293a4b5c6d7e8"])
    kind: Literal["capture", "names"]
    name: str = Field(description="as its sender calls it", examples=["line1.pcapng"])
    size: int = Field(description="bytes")
    sha256: str
    by: str = Field(description="who sent it")
    came: Time
    state: Literal["waiting", "reading", "read", "failed"]
    done: float = Field(description="how much was read, 0..1")
    wrong: str = Field(description="why it failed; empty if it did not")
    packets: int
    records: int = Field(description="of a capture: records in the lake; of names: how many there are")
    notices: int
    problems: list[str] = Field(description="what could not be read of it")


class NamesOut(BaseModel):
    """A list of names that is in force now."""

    upload: UploadRow
    names: int
    known: int = Field(description="names of addresses that were seen")


LIST: Listing[UploadRow] = Listing(
    "uploads", {"came": lambda u: u.came.isoformat(), "name": lambda u: u.name.casefold(), "size": lambda u: u.size},
    "-came", lambda u: u.id, lambda u: (u.name, u.by, u.state, u.kind),
)  # fmt: skip


@router.get("/uploads", operation_id="list_uploads", responses=FILES)
def list_uploads(who: Who, query: Annotated[ListQuery, Query()]) -> Page[UploadRow]:
    """The files that were sent."""
    who.need(Action.LAKE_ADD, who.thing(Kind.LAKE))
    answer: Page[UploadRow] = LIST.answer((row_of(a) for a in who.place.intake.listed()), query)
    return answer


@router.get("/uploads/{id}", operation_id="get_upload")
def get_upload(who: Who, id: str) -> UploadRow:
    """One of them: how far it is."""
    who.need(Action.LAKE_ADD, who.thing(Kind.LAKE))
    found = who.place.intake.get(id)
    if found is None:
        raise not_found("upload")
    return row_of(found)


@router.post("/captures", operation_id="send_capture", status_code=202, openapi_extra=BODY)
async def send_capture(request: Request, who: Who, name: NameOf = "") -> UploadRow:
    """Sends a capture (pcap or pcapng, also packed with gzip or zstd); it is read into the lake and judged in a process
    of its own, and `get_upload` tells how far it is.
    """
    await run_in_threadpool(who.need, Action.LAKE_ADD, who.thing(Kind.LAKE))
    upload = await _received(request, who.place.intake, who.place.config.console.upload_mb * 1_000_000, name)
    return row_of(await run_in_threadpool(_begin, who, upload))


@router.post("/names", operation_id="send_names", openapi_extra=BODY)
async def send_names(request: Request, who: Who, name: NameOf = "") -> NamesOut:
    """Sends a list of names (CSV or .xlsx with address, name, zone, role, line). It takes the place of the one before;
    if anything is wrong in it, nothing is changed.
    """
    thing = who.thing(Kind.ASSET, "any")
    await run_in_threadpool(who.need, Action.ASSET_EDIT, thing)
    upload = await _received(request, who.place.intake, MOST_NAMES, name)
    return await run_in_threadpool(_take_names, who, upload)


async def _received(request: Request, intake: IntakeDesk, most: int, name: str) -> Upload:
    try:
        return await received(request, intake.quarantine, most, name)
    except UploadError as error:
        raise ProblemError(400, "The file is refused", _sentence(error)) from None


def _begin(who: Caller, upload: Upload) -> Arrival:
    with who.doing(Action.LAKE_ADD, who.thing(Kind.LAKE)):
        return who.place.intake.capture(upload, who.name)


def _take_names(who: Caller, upload: Upload) -> NamesOut:
    intake, lake = who.place.intake, who.place.lake
    try:
        arrival, rows, columns = intake.names(upload, who.name)
        names = Names.from_rows([tuple(columns), *map(tuple, rows)], upload.name)
    except UploadError as error:
        raise ProblemError(400, "The file is refused", _sentence(error)) from None
    with who.doing(Action.ASSET_EDIT, who.thing(Kind.ASSET, "any")):
        change_names(lake, names, who.place.ledger)
        intake.arrivals.put(arrival)
    before = who.view
    show_soon(who, lambda view: view.plant is not before.plant)
    known = sum(row.address in who.view.addresses for row in names.rows)
    return NamesOut(upload=row_of(arrival), names=len(names.rows), known=known)


def row_of(arrival: Arrival) -> UploadRow:
    """As a list has it."""
    return UploadRow.model_validate(arrival, from_attributes=True)


def _sentence(error: Exception) -> str:
    text = str(error)
    text = f"I{text[1:]}" if text.startswith("it ") else text  # a file's name stays as it is
    return text if text.endswith(".") else f"{text}."
