"""What is there: assets, conversations and how sure we are, folded from records. No I/O; data in, values out."""

from linewarden.plant.corrections import Corrections
from linewarden.plant.diff import Change, PlantDiff, diff
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
    "diff",
    "parse_names_csv",
]
