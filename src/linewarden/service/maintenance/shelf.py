"""Cards of the models in a folder, as plain data: no model is made of them, and none of their trees is read.

Pages show them: what is in a file must not run in the console, not even as trees of LightGBM.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path
from typing import Any

from linewarden.errors import ConfigError
from linewarden.service.maintenance.models import FORMAT, MOST_BYTES, told_hash

MOST = 200
"""Files of a folder that are looked at."""


def cards_in(folder: Path) -> list[tuple[str, dict[str, Any] | str]]:
    """(name of the file, its card or why it has none), by name; nothing where there is no folder."""
    files = sorted([*folder.glob("*.json"), *folder.glob("*.onnx")])[:MOST] if folder.is_dir() else []
    return [(path.name, _card_or_why(path)) for path in files]


def _card_or_why(path: Path) -> dict[str, Any] | str:
    try:
        about = path.stat()
        if about.st_size > MOST_BYTES:
            raise ConfigError(f"larger than {MOST_BYTES // 1024**2} MiB")
        return _card(path, about.st_mtime_ns, about.st_size)
    except OSError as error:
        return f"cannot be read ({error.strerror or error}); check the permission"
    except ConfigError as error:
        return str(error)


@lru_cache(maxsize=MOST)
def _card(path: Path, _stamp: int, _size: int) -> dict[str, Any]:
    if path.suffix.lower() == ".onnx":
        raise ConfigError(f"ONNX: its card is told by `linewarden health card {path.name}`")
    try:
        said: Any = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ConfigError("it is no JSON; train it again, or take it from a backup") from error
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise ConfigError(f"no model that this version knows; it reads {FORMAT}")
    if said.pop("sha256", None) != told_hash(said):
        raise ConfigError("damaged or changed by hand: its hash does not fit; take it from a backup")
    try:
        return _of(said["card"], said["model"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"its card lacks something ({str(error)[:80]}); train it again") from error


def _of(card: dict[str, Any], model: dict[str, Any]) -> dict[str, Any]:
    """What a card shows. Raises ValueError, KeyError or TypeError where it is not as it should be."""
    numbers = {
        "cap": model["cap"], "rmse": model["error"], "rmse_of_mean": model["error_of_mean"],
        "covered": model["covered"], "median_life": card["median_life"],
        "hours": 0.0 if card["hours"] is None else card["hours"],
    }  # fmt: skip
    found: dict[str, Any] = {name: float(value) for name, value in numbers.items()}
    if not all(math.isfinite(v) for v in found.values()):
        raise ValueError("a number that is none")
    settings = [str(s)[:200] for s in model["settings"]]
    tags = [str(c)[:200] for c in model["columns"]]
    return found | {
        "hours": found["hours"] or None,
        **{name: str(card[name])[:200] for name in ("name", "made", "by", "file", "sha256", "unit", "time", "note")},
        "version": int(card["version"]), "units": int(model["units"]), "rows": int(model["rows"]),
        "tags": [t for t in tags if t not in settings], "settings": settings,
    }  # fmt: skip
