"""What all tables of the configuration have in common."""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Strict, ValidationInfo

from linewarden.errors import ConfigError
from linewarden.trust.envelope import SEALED

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


def reference(value: str, info: ValidationInfo) -> str:
    """A secret never stands in the file as it is."""
    kind, colon, rest = value.partition(":")
    if kind == "enc" and SEALED.fullmatch(value):
        return value
    if kind == "credential" and re.fullmatch(r"[A-Za-z0-9_.-]{1,255}", rest) and rest not in (".", ".."):
        return value
    if kind == "file" and colon and rest and "\0" not in rest:
        return f"file:{_from_the_file(Path(rest), info)}"
    raise ValueError("holds no secret as it is; use enc:... (`linewarden secret seal`), credential:NAME or file:PATH")


def _key_place(value: str, info: ValidationInfo) -> str:
    if value.startswith("pkcs11:"):
        from linewarden.trust.hsm import place

        try:
            place(value)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return value
    if value.startswith(("file:", "credential:")):
        return reference(value, info)
    raise ValueError("use file:PATH, credential:NAME or pkcs11:...; a key itself does not stand here")


KeyPlace = Annotated[str, AfterValidator(_key_place)]
"""Where a key is."""
Secret = Annotated[str, AfterValidator(reference)]
"""A sealed secret, or where it is."""


def right_listen(listen: str) -> str:
    """The text, if it is an address and port. Raises ValueError."""
    found = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^\[\]:]+)):(\d{1,5})", listen)
    if found is None or int(found[3]) > 65_535:
        raise ValueError("use address:port, such as 127.0.0.1:9480 or [::1]:9480")
    host = found[1] or found[2]
    if host != "localhost":
        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise ValueError(f"{host} is no IP address; use one of this machine, such as 127.0.0.1") from None
    return listen


Listen = Annotated[str, AfterValidator(right_listen)]
"""Address and port of this machine."""


def host_and_port(listen: str) -> tuple[str, int]:
    """`[::1]:9480` in two parts."""
    host, _, port = listen.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


class Table(BaseModel):
    """A table of the file: nothing unknown in it, and nothing that changes later."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


def unit(name: str) -> dict[str, Any]:
    """What a number counts, for the reference and for who gives a wrong one."""
    return {"unit": name}
