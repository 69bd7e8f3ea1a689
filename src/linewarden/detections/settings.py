"""What a site may set of a detection: values with unit, meaning and default.

    class Params(Settings):
        ports: int = param(8, "ports", "different ports of one host, from which on it is a scan")

No dataclass, though it looks and is checked like one: making one takes most of a millisecond, and each run of `detect`
would wait for dozens.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple, dataclass_transform


class Setting(NamedTuple):
    """One of them. unit: '' for none."""

    default: float | int | str
    unit: str
    doc: str


def param(default: float | int | str, unit: str, doc: str) -> Any:
    """A setting in the class body, with its unit and meaning."""
    return Setting(default, unit, doc)


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Settings:
    """Values that do not change, compared by what they are. Raises TypeError for one that there is not."""

    KNOWN: ClassVar[dict[str, Setting]] = {}
    """By name."""

    def __init_subclass__(cls) -> None:
        cls.KNOWN = {name: value for name, value in vars(cls).items() if isinstance(value, Setting)}

    def __init__(self, **said: float | int | str) -> None:
        if strange := said.keys() - self.KNOWN:
            raise TypeError(f"{min(strange)}: no such setting; there are {', '.join(self.KNOWN) or 'none'}")
        vars(self).update({name: setting.default for name, setting in self.KNOWN.items()}, **said)

    def values(self) -> dict[str, Any]:
        """By name, in the order of the class."""
        return dict(vars(self))

    def __setattr__(self, name: str, _: object) -> None:
        raise AttributeError(f"{name}: settings do not change; make others")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"
