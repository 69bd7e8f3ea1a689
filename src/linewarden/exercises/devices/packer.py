"""PLC-4, the packer's controller: an OPC UA server by asyncua, without security, as many stand in plants."""

from __future__ import annotations

from linewarden.exercises.context import Context
from linewarden.exercises.devices._opcua import Variable, serve

VARIABLES = (
    Variable("Packs", "plant.packs", whole=True),
    Variable("LineSpeed", "plant.conveyor_rpm", 1 / 8),
    Variable("Bottles", "plant.bottles", whole=True),
    Variable("Run", "control.packer_run", writable=True),
)


async def run(ctx: Context) -> None:
    """Serves the packer's variables."""
    await serve(ctx, "Packer", VARIABLES)
