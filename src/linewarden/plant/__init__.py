"""What is there: assets, conversations and how sure we are, folded from records. No I/O; data in, values out."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linewarden.plant.corrections import Corrections
    from linewarden.plant.diff import Change, PlantDiff
    from linewarden.plant.fold import STREAMS, PlantFold
    from linewarden.plant.model import (
        Asset,
        Capture,
        Conversation,
        Evidence,
        Finding,
        NamesReport,
        Plant,
        ProtocolUse,
        Role,
        Service,
        Severity,
        as_dict,
    )
    from linewarden.plant.names import Names, parse_names_csv

_PLACES = {
    "Corrections": "linewarden.plant.corrections",
    "Change": "linewarden.plant.diff",
    "PlantDiff": "linewarden.plant.diff",
    "PlantFold": "linewarden.plant.fold",
    "STREAMS": "linewarden.plant.fold",
    "Asset": "linewarden.plant.model",
    "Capture": "linewarden.plant.model",
    "Conversation": "linewarden.plant.model",
    "Evidence": "linewarden.plant.model",
    "Finding": "linewarden.plant.model",
    "NamesReport": "linewarden.plant.model",
    "Plant": "linewarden.plant.model",
    "ProtocolUse": "linewarden.plant.model",
    "Role": "linewarden.plant.model",
    "Service": "linewarden.plant.model",
    "Severity": "linewarden.plant.model",
    "as_dict": "linewarden.plant.model",
    "Names": "linewarden.plant.names",
    "parse_names_csv": "linewarden.plant.names",
}

__all__ = [
    "STREAMS",
    "Asset",
    "Capture",
    "Change",
    "Conversation",
    "Corrections",
    "Evidence",
    "Finding",
    "Names",
    "NamesReport",
    "Plant",
    "PlantDiff",
    "PlantFold",
    "ProtocolUse",
    "Role",
    "Service",
    "Severity",
    "as_dict",
    "parse_names_csv",
]


def __getattr__(name: str) -> Any:
    """The folder's names, imported when first asked for: some take a while."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
