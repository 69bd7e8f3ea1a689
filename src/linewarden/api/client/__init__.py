"""A client for programs in Python, with the models of the API itself: docs/how-to/api.md.

with Client("https://plant.example:9443", token, ca="linewarden-ca.pem") as plant:
    for asset in plant.all_assets(role=["plc"]):
        print(asset.name, asset.firmware)
"""

from linewarden.api.client.connection import Client
from linewarden.api.client.stream import Happening

__all__ = ["Client", "Happening"]
