"""A case as a file: for another program (JSON, STIX 2.1, OCSF, ECS, CEF), a spreadsheet, or to read and print.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from linewarden.api.client.transport import Transport
from linewarden.api.routes.case_files import CaseFormat


class CaseFilesCalls(Transport):
    """A case as a file: for another program (JSON, STIX 2.1, OCSF, ECS, CEF), a spreadsheet, or to read and print."""

    def get_case_file(
        self, id: str, *, format: CaseFormat | None = None, language: Literal["en", "de"] | None = None
    ) -> bytes:
        """A case as a file."""
        return self._bytes(
            "GET", "/cases/{id}/file", path_values={"id": id}, query={"format": format, "language": language}
        )

    def save_case_file(
        self, id: str, to: Path | str, *, format: CaseFormat | None = None, language: Literal["en", "de"] | None = None
    ) -> Path:
        """Into a file, as it comes: a case as a file."""
        return self._save(
            to, "GET", "/cases/{id}/file", path_values={"id": id}, query={"format": format, "language": language}
        )
