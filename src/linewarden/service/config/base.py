"""What all tables of the configuration have in common."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Strict, ValidationInfo

Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict()]
Switch = Annotated[bool, Strict()]


def _path(value: Any) -> Any:
    if isinstance(value, str) and (not value or "\0" in value):
        raise ValueError("is no path; give the name of a file or folder")
    return value


def _from_the_file(value: Path, info: ValidationInfo) -> Path:
    folder: Path = (info.context or {}).get("folder", Path())
    return Path(os.path.normpath(folder / value.expanduser()))


Place = Annotated[Path, BeforeValidator(_path), AfterValidator(_from_the_file)]


class Table(BaseModel):
    """A table of the file: nothing unknown in it, and nothing that changes later."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


def unit(name: str) -> dict[str, Any]:
    """What a number counts, for the reference and for who gives a wrong one."""
    return {"unit": name}
