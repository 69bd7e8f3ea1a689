"""The packets that prove a notice or a case: decoded beside their bytes, and as a file to take away.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from pathlib import Path

from linewarden.api.client.transport import Transport
from linewarden.api.routes.packets import PacketsOut


class PacketsCalls(Transport):
    """The packets that prove a notice or a case: decoded beside their bytes, and as a file to take away."""

    def get_notice_packets(self, id: str) -> PacketsOut:
        """The packets that prove a notice, decoded beside their bytes."""
        return self._ask(PacketsOut, "GET", "/notices/{id}/packets", path_values={"id": id})

    def take_notice_packets(self, id: str, *, seconds: float | None = None) -> bytes:
        """The packets of a notice as a pcapng file, each with a comment."""
        return self._bytes("GET", "/notices/{id}/packets.pcap", path_values={"id": id}, query={"seconds": seconds})

    def save_notice_packets(self, id: str, to: Path | str, *, seconds: float | None = None) -> Path:
        """Into a file, as it comes: the packets of a notice as a pcapng file, each with a comment."""
        return self._save(to, "GET", "/notices/{id}/packets.pcap", path_values={"id": id}, query={"seconds": seconds})

    def take_case_packets(self, id: str, *, seconds: float | None = None) -> bytes:
        """The packets of all notices of a case as a pcapng file, each with a comment."""
        return self._bytes("GET", "/cases/{id}/packets.pcap", path_values={"id": id}, query={"seconds": seconds})

    def save_case_packets(self, id: str, to: Path | str, *, seconds: float | None = None) -> Path:
        """Into a file, as it comes: the packets of all notices of a case as a pcapng file, each with a comment."""
        return self._save(to, "GET", "/cases/{id}/packets.pcap", path_values={"id": id}, query={"seconds": seconds})
