"""Model files: one JSON file a model, plain data, with its card and a hash of all; a folder of them is the registry.

Nothing is unpickled and nothing in a file is run as code: trees are LightGBM's own text, numbers are numbers.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError
from linewarden.service.files import reserve

if TYPE_CHECKING:
    from linewarden.analytics.maintenance.life import RemainingLife
    from linewarden.service.maintenance.histories import Histories

FORMAT = "linewarden-remaining-life/1"
MOST_BYTES = 256 * 1024**2
IN_ONNX = "linewarden"
"""Key of the metadata of an ONNX file."""


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a model besides its numbers. hours: of one unit of its times, None where nobody said."""

    name: str
    version: int
    made: str
    by: str
    file: str
    sha256: str
    unit: str
    time: str
    hours: float | None
    seed: int
    median_life: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A model with its card."""

    card: Card
    model: RemainingLife


def train(
    data: Histories,
    unit: str,
    time: str,
    settings: tuple[str, ...],
    *,
    cap: float | None,
    seed: int,
    name: str,
    by: str,
) -> Kept:
    """A model of these histories, whose last rows are failures. Raises ConfigError."""
    import numpy as np

    from linewarden.analytics.maintenance.life import RemainingLife

    unknown = sorted(set(settings) - set(data.columns))
    if unknown:
        raise ConfigError(f"--setting {unknown[0]}: no numeric column; there are: {', '.join(data.columns[:30])}")
    try:
        model = RemainingLife.learned(data.runs, data.columns, settings, cap=cap, seed=seed)
    except ValueError as error:
        raise ConfigError(f"{data.file}: {error}") from error
    life = float(np.median([r.left[0] for r in data.runs]))
    made = datetime.now(UTC).isoformat(timespec="seconds")
    return Kept(Card(name, 1, made, by, data.file, data.sha256, unit, time, data.hours, seed, life), model)


def write(path: Path, kept: Kept) -> Card:
    """Writes a model; one that is there stays beside it under its version (`engines.v1.json`), and the new one has the
    next. Raises StoreError, or ConfigError where the file is another's."""
    card = kept.card
    if path.exists():
        before = read(path)
        card = replace(card, version=before.card.version + 1)
        old = path.with_name(f"{path.stem}.v{before.card.version}{path.suffix}")
        with reserve(old) as place:
            place.write_bytes(path.read_bytes())
    said = {"format": FORMAT, "card": _as_dict(card), "model": kept.model.as_dict()}
    with reserve(path) as place:
        place.write(json.dumps({**said, "sha256": told_hash(said)}, allow_nan=False, separators=(",", ":")))
    return card


def read(path: Path) -> Kept:
    """A model file, JSON or ONNX of ours. Raises ConfigError: not there, damaged, or of another kind."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ConfigError(f"{path}: no model: larger than {MOST_BYTES // 1024**2} MiB")
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: no model there ({error.strerror}); make one: linewarden health train") from error
    return _of_onnx(path, data) if path.suffix.lower() == ".onnx" else _of_json(path, data)


def _of_json(path: Path, data: bytes) -> Kept:
    try:
        said: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: no model: it is no JSON; train it again, or take it from a backup") from error
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise ConfigError(f"{path}: no model that this version knows; it reads {FORMAT}")
    told = said.pop("sha256", None)
    if told != told_hash(said):
        raise ConfigError(f"{path}: damaged or changed by hand: its hash does not fit; take it from a backup")
    return _kept(path, said, b"")


def _of_onnx(path: Path, data: bytes) -> Kept:
    from linewarden.analytics.maintenance.exchange import metadata_of

    need_onnx()
    try:
        said: Any = json.loads(metadata_of(data).get(IN_ONNX, "null"))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: no model: {error}") from error
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise ConfigError(f"{path}: ONNX without what `linewarden health export` writes beside the trees")
    return _kept(path, said, data)


def _kept(path: Path, said: dict[str, Any], onnx: bytes) -> Kept:
    from linewarden.analytics.maintenance.life import RemainingLife

    try:
        kept = Kept(_card(said["card"]), RemainingLife.from_dict(said["model"], onnx))
        kept.model.check()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path}: a model that does not fit itself ({str(error)[:80]}); train it again") from error
    return kept


def export_onnx(kept: Kept) -> bytes:
    """The same as ONNX. Raises ConfigError where it is one already."""
    from linewarden.analytics.maintenance.exchange import to_onnx

    need_onnx()
    if kept.model.onnx:
        raise ConfigError("the model is ONNX already")
    model = {**kept.model.as_dict(), "models": []}
    said = {"format": FORMAT, "card": _as_dict(kept.card), "model": model}
    return to_onnx(kept.model, kept.model.width, {IN_ONNX: json.dumps(said, allow_nan=False)})


def listed(folder: Path) -> list[tuple[Path, Kept | str]]:
    """Every model of a folder, by name; or why one is none. Raises ConfigError where there is no folder."""
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder; models are where `health train --out` put them")
    found: list[tuple[Path, Kept | str]] = []
    for path in sorted([*folder.glob("*.json"), *folder.glob("*.onnx")]):
        try:
            found.append((path, read(path)))
        except ConfigError as error:
            found.append((path, str(error)))
    return found


def need_onnx() -> None:
    """Raises ConfigError that says what to install."""
    try:
        import onnx  # noqa: F401 - whether it is there
        import onnxmltools  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise ConfigError("ONNX needs: pip install 'linewarden[onnx]'") from error


def told_hash(said: dict[str, Any]) -> str:
    """The hash of a file's content, as it stands in it."""
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _as_dict(card: Card) -> dict[str, Any]:
    return {name: getattr(card, name) for name in Card.__dataclass_fields__}


def _card(said: dict[str, Any]) -> Card:
    texts = {k: str(said[k])[:200] for k in ("name", "made", "by", "file", "sha256", "unit", "time", "note")}
    hours = None if said["hours"] is None else float(said["hours"])
    if hours is not None and not 0 < hours < 1e6:
        raise ValueError("hours must be positive")
    return Card(
        **texts, hours=hours, version=int(said["version"]), seed=int(said["seed"]),
        median_life=float(said["median_life"]),
    )  # fmt: skip
