"""What a person knows better of an asset than the wire does.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from linewarden.api.client.transport import Transport
from linewarden.api.routes.asset_edits import AssetPatch
from linewarden.api.routes.assets import AssetOut


class AssetEditsCalls(Transport):
    """What a person knows better of an asset than the wire does."""

    def change_asset(self, id: str, body: AssetPatch) -> AssetOut:
        """Puts right what an asset is."""
        return self._ask(AssetOut, "PATCH", "/assets/{id}", path_values={"id": id}, body=body)
