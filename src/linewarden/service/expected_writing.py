"""Adds to the file of what is expected, which people may edit as well: what is there, comments too, stays as it is.

Each addition says in a comment who made it, when, and of which notice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    from linewarden.service.audit.ledger import Ledger


def add_block(
    action: str, path: Path, table: str, block: dict[str, Any], comment: str, ledger: Ledger | None = None
) -> None:
    """Puts a table at the end of the file, which is read as it will be before it is written. Raises ConfigError.

    `ledger`: where it is recorded, if not beside the file.
    """
    from linewarden.service.audit import Change, recorded
    from linewarden.service.expected_file import parse_expected
    from linewarden.service.files import reserve

    if path.suffix == ".json":
        raise ConfigError(f"{path}: only a .toml file can be added to; people's comments stay in it")
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from error
    text = _with(before, table, block, comment)
    parse_expected(path, text)
    change = Change(action, str(path), after={table: block}, detail={"of": comment})
    with reserve(path) as file, recorded(path, change, ledger=ledger):
        file.write(text)


def _with(before: str, table: str, block: Mapping[str, Any], comment: str) -> str:
    remark = re.sub(r"\s+", " ", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {comment}")
    remark = "".join(c for c in remark if c.isprintable())
    lines = [f"# {remark}", f"[[{table}]]", *(f"{key} = {_toml(value)}" for key, value in block.items())]
    return (f"{before.rstrip()}\n\n" if before.strip() else "") + "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    # What JSON escapes TOML escapes the same way, but for DEL.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007F")
