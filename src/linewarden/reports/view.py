"""What a report shows, as plain values: computed from a `Plant` alone, no query, no clock, the same every time.

PlantView
  |-- summary    Said: the sentences that matter most, worst first
  |-- tap        FindingView, with a verdict said first
  |-- exposures  FindingView
  |-- assets     AssetRow
  |-- writers    WriterRow: who changes what, gravest first
  |-- protocols  ProtocolRow
  `-- captures, names
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from linewarden.plant.model import Asset, Conversation, Finding, Plant, Role
from linewarden.plant.vocabulary import INFRASTRUCTURE
from linewarden.reports import story, words
from linewarden.reports.story import Said


@dataclass(frozen=True, slots=True)
class Link:
    """An asset by the name to show and its index in `PlantView.assets`; -1 if the plant does not have it."""

    name: str
    index: int = -1


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding ready to show. `severity` is the enum's value (a class name), `word` is what people read."""

    kind: str
    severity: str
    word: str
    title: str
    detail: str
    next_step: str
    assets: tuple[Link, ...]
    proof: tuple[tuple[str, str], ...]
    """(what was seen, capture and frame) pairs."""
    said: str = ""
    """English in a report of another language: what stands before `detail`."""


@dataclass(frozen=True, slots=True)
class AssetRow:
    """A line of the asset table, and what its card needs. `index` is its place in the table's first order."""

    index: int
    asset: Asset
    name: str
    ips: tuple[str, ...]
    macs: tuple[str, ...]
    vendor: str
    model: str
    order_number: str
    firmware: str
    role: str
    role_key: str
    sure: str
    level: str
    level_key: str
    level_sort: float
    serves: tuple[str, ...]
    uses: tuple[str, ...]
    state: str
    """`public`, `not heard` (only asked for or mentioned) or empty."""


@dataclass(frozen=True, slots=True)
class WriterRow:
    """One asset that changes something in another. `doing` are (words, requests), gravest first."""

    source: Link
    target: Link
    target_role: str
    target_is_controller: bool
    doing: tuple[tuple[str, int], ...]
    grave: bool
    """More than writing values: loads programs, stops, restarts, changes mode or settings."""
    total: int
    protocols: tuple[str, ...]
    logged_in: bool
    first_seen: int
    last_seen: int
    proof: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """Writers (rows) against devices (columns): requests that change something, 0 for none."""

    rows: tuple[Link, ...]
    columns: tuple[Link, ...]
    cells: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class ProtocolRow:
    """`share` is its part of all bytes, 0..1; `bar` the same against the largest, for drawing, 0..1."""

    name: str
    conversations: int
    assets: int
    packets: int
    bytes: int
    share: float
    bar: float


@dataclass(frozen=True, slots=True)
class NamesView:
    """The names file against the wire, in names and addresses."""

    matched: int
    not_seen: tuple[tuple[str, str], ...]
    """(address, name) as the file has them."""
    unnamed: tuple[Link, ...]
    corrected: tuple[tuple[Link, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class PlantView:
    """All that the HTML report and the terminal show."""

    summary: tuple[Said, ...]
    verdict: Said
    tiles: tuple[tuple[str, str], ...]
    tap: tuple[FindingView, ...]
    exposures: tuple[FindingView, ...]
    assets: tuple[AssetRow, ...]
    writers: tuple[WriterRow, ...]
    matrix: Matrix | None
    protocols: tuple[ProtocolRow, ...]
    names: NamesView | None
    index: Mapping[str, int]
    """Asset id to index in `assets`."""
    devices: int
    """Of the assets, those that were heard and stand in the plant."""


def plant_view(plant: Plant) -> PlantView:
    """Everything the report shows of this plant."""
    rows = asset_rows(plant.assets)
    index = {row.asset.id: row.index for row in rows}
    writers = writer_rows(plant, rows, index)
    return PlantView(
        summary=story.summary(plant),
        verdict=story.tap_verdict(plant),
        tiles=story.tiles(plant),
        tap=_findings(plant.tap, rows, index),
        exposures=_findings(plant.exposures, rows, index),
        assets=rows,
        writers=writers,
        matrix=matrix_of(writers),
        protocols=protocol_rows(plant),
        names=_names(plant, rows, index),
        index=index,
        devices=len(story.devices(plant)),
    )


def _telling(protocols: tuple[str, ...]) -> tuple[str, ...]:
    """Protocols in words, without those that every network speaks (ARP, ICMP) if there are others."""
    chosen = [p for p in protocols if p not in INFRASTRUCTURE] or protocols
    return tuple(dict.fromkeys(words.protocol(p) for p in chosen))


def asset_rows(assets: Iterable[Asset]) -> tuple[AssetRow, ...]:
    """Assets in reading order: controllers' level first, then by name, public ones and those not heard last."""
    ordered = sorted(assets, key=_reading_order)
    return tuple(_asset_row(at, asset) for at, asset in enumerate(ordered))


def _reading_order(asset: Asset) -> tuple[object, ...]:
    level = asset.level if asset.level is not None else 9.0
    first = 0.0 if asset.role in words.CONTROLLERS else 1.0 + level
    return (asset.public, not asset.seen, first, words.natural(asset.name), asset.id)


def _asset_row(at: int, asset: Asset) -> AssetRow:
    return AssetRow(
        index=at,
        asset=asset,
        name=words.clean(asset.name) or words.clean(asset.id),
        ips=tuple(words.clean(ip, 60) for ip in asset.ips),
        macs=tuple(words.clean(mac, 60) for mac in asset.macs),
        vendor=words.clean(asset.vendor),
        model=words.clean(asset.model),
        order_number=words.clean(asset.order_number),
        firmware=words.clean(asset.firmware),
        role=words.role(asset.role),
        role_key=asset.role.value,
        sure="" if asset.role is Role.UNKNOWN else words.confidence(asset.role_confidence),
        level=words.level_name(asset.level),
        level_key=words.level_number(asset.level),
        level_sort=99.0 if asset.level is None else asset.level,
        serves=_services(asset),
        uses=tuple(dict.fromkeys(words.protocol(p) for p in asset.uses)),
        state="public" if asset.public else "" if asset.seen else "not heard",
    )


def _services(asset: Asset) -> tuple[str, ...]:
    """Services with their port; a connection on the same port that said too little to be recognised adds nothing."""
    known = {s.port for s in asset.serves if s.protocol != s.transport}
    told = [s for s in asset.serves if s.protocol != s.transport or s.port not in known]
    shown = (f"{words.protocol(s.protocol)} {s.port}" if s.port else words.protocol(s.protocol) for s in told)
    return tuple(dict.fromkeys(shown))


def link(asset_id: str, rows: tuple[AssetRow, ...], index: Mapping[str, int]) -> Link:
    """The asset of this id, or its id alone (a group address, or an asset that is gone)."""
    at = index.get(asset_id, -1)
    return Link(rows[at].name if at >= 0 else words.clean(asset_id), at)


def _findings(
    found: Iterable[Finding], rows: tuple[AssetRow, ...], index: Mapping[str, int]
) -> tuple[FindingView, ...]:
    return tuple(_finding(f, rows, index) for f in story.by_weight(found))


def _finding(finding: Finding, rows: tuple[AssetRow, ...], index: Mapping[str, int]) -> FindingView:
    proof = ((words.clean(f"{e.what}: {e.value}" if e.value else e.what), words.where(e)) for e in finding.evidence)
    return FindingView(
        kind=finding.kind,
        severity=finding.severity.value,
        word=words.SEVERITIES[finding.severity],
        title=words.clean(finding.title),
        detail=words.clean(finding.detail, 2000),
        next_step=words.clean(finding.next_step, 2000),
        assets=tuple(link(a, rows, index) for a in finding.assets),
        proof=tuple(dict.fromkeys(proof)),
    )


def writer_rows(plant: Plant, rows: tuple[AssetRow, ...], index: Mapping[str, int]) -> tuple[WriterRow, ...]:
    """Conversations that change something: grave ones first, then controllers, then by how often."""
    found = (_writer_row(c, rows, index) for c in plant.conversations if story.changes(c))
    return tuple(
        sorted(
            found,
            key=lambda w: (not w.grave, not w.target_is_controller, -w.total, w.source.name, w.target.name),
        )
    )


def _writer_row(talk: Conversation, rows: tuple[AssetRow, ...], index: Mapping[str, int]) -> WriterRow:
    target = link(talk.target, rows, index)
    role = rows[target.index].asset.role if target.index >= 0 else Role.UNKNOWN
    done = story.changes(talk)
    frame = f"{words.clean(talk.capture, 120)}, frame {talk.frame:,}" if talk.capture and talk.frame else ""
    return WriterRow(
        source=link(talk.source, rows, index),
        target=target,
        target_role="group address" if talk.group else words.role(role),
        target_is_controller=role in words.CONTROLLERS,
        doing=tuple((words.verb(verb), count) for verb, count in done),
        grave=any(verb in story.GRAVE for verb, _ in done),
        total=sum(count for _, count in done),
        protocols=_telling(talk.protocols),
        logged_in=any(verb == "authenticate" for verb, _ in talk.verbs),
        first_seen=talk.first_seen,
        last_seen=talk.last_seen,
        proof=frame,
    )


def matrix_of(writers: tuple[WriterRow, ...], most_rows: int = 12, most_columns: int = 14) -> Matrix | None:
    """Who writes to whom at a glance; None where it would be empty, trivial or too large to read."""
    rows = sorted({w.source for w in writers}, key=lambda a: words.natural(a.name))
    columns = sorted({w.target for w in writers}, key=lambda a: words.natural(a.name))
    if not (0 < len(rows) <= most_rows and 2 <= len(columns) <= most_columns):
        return None
    counts: dict[tuple[Link, Link], int] = {}
    for w in writers:
        counts[w.source, w.target] = counts.get((w.source, w.target), 0) + w.total
    cells = tuple(tuple(counts.get((r, c), 0) for c in columns) for r in rows)
    return Matrix(tuple(rows), tuple(columns), cells)


def protocol_rows(plant: Plant) -> tuple[ProtocolRow, ...]:
    """Protocols, the one with most bytes first."""
    total = sum(p.bytes for p in plant.protocols) or 1
    largest = max((p.bytes for p in plant.protocols), default=0) or 1
    ordered = sorted(plant.protocols, key=lambda p: (-p.bytes, p.protocol))
    return tuple(
        ProtocolRow(
            words.protocol(p.protocol),
            p.conversations,
            p.assets,
            p.packets,
            p.bytes,
            p.bytes / total,
            p.bytes / largest,
        )
        for p in ordered
    )


def _said(field: str, value: str) -> str:
    return words.role(Role(value)) if field == "role" and value in list(Role) else words.clean(value)


def _names(plant: Plant, rows: tuple[AssetRow, ...], index: Mapping[str, int]) -> NamesView | None:
    if plant.names is None:
        return None
    return NamesView(
        matched=len(plant.names.matched),
        not_seen=tuple((words.clean(address), words.clean(name)) for address, name in plant.names.not_seen),
        unnamed=tuple(link(a, rows, index) for a in plant.names.unnamed),
        corrected=tuple(
            (link(a, rows, index), words.clean(field), _said(field, old), _said(field, new))
            for a, field, old, new in plant.names.corrected
        ),
    )
