"""Settings as they are in force, and the certificate of this console."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from linewarden.api.caller import Who
from linewarden.policy import Action, Kind
from linewarden.service.config.pages import effective, keys, tables

router = APIRouter(tags=["settings"])


class Setting(BaseModel):
    """A key of the configuration file with the value in force."""

    table: str = Field(examples=["lake"])
    key: str = Field(examples=["compact_every_s"])
    value: Any
    meaning: str
    is_default: bool


class Settings(BaseModel):
    """All of them; passwords are left out. `file`: where they are changed, empty where only a lake was named."""

    file: str
    settings: list[Setting]


@router.get("/settings", operation_id="get_settings")
def get_settings(who: Who) -> Settings:
    """The effective configuration. It is changed in its file; `linewarden config check` says what is wrong there."""
    who.need(Action.SETTINGS_READ, who.thing(Kind.SETTINGS))
    found, rows = effective(who.place.config), []
    for path, model, _several, _field in tables():
        for values in _tables_at(found, path):
            for name, about in keys(model).items():
                value, default = values.get(name), about.get_default(call_default_factory=True, validated_data={})
                rows.append(
                    Setting(table=path, key=name, value=value, meaning=about.description or "",
                            is_default=_plain(value) == _plain(default))
                )  # fmt: skip
    return Settings(file=str(who.place.file or ""), settings=rows)


def _tables_at(found: Any, path: str) -> list[dict[str, Any]]:
    """The tables with this path: none, one, or one an entry of a list."""
    here: list[Any] = [found]
    for part in path.split("."):
        here = [v for value in here if isinstance(value, dict) for v in [value.get(part)] if v is not None]
        here = [v for value in here for v in (value if isinstance(value, list) else [value])]
    return [value for value in here if isinstance(value, dict)]


def _plain(value: Any) -> Any:
    """Lists and tuples alike."""
    return list(value) if isinstance(value, tuple) else value
