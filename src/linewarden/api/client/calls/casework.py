"""Work on cases: who does it, how far it is, what was written, which steps were done.

Written by `make client` from the routes; do not edit.
"""

from __future__ import annotations

from linewarden.api.client.transport import Transport
from linewarden.api.routes.cases import CaseOut, CommentOut, PersonName, StepOut
from linewarden.api.routes.casework import BulkIn, BulkOut, CaseChange, CommentIn, StepIn


class CaseworkCalls(Transport):
    """Work on cases: who does it, how far it is, what was written, which steps were done."""

    def change_case(self, id: str, change: CaseChange) -> CaseOut:
        """Assigns a case, or says how far it is."""
        return self._ask(CaseOut, "PATCH", "/cases/{id}", path_values={"id": id}, body=change)

    def list_assignees(self) -> list[PersonName]:
        """Who can be given a case: accounts in use with a role at this site."""
        return self._ask(list[PersonName], "GET", "/assignees")

    def comment_on_case(self, id: str, comment: CommentIn) -> CommentOut:
        """Writes a comment."""
        return self._ask(CommentOut, "POST", "/cases/{id}/comments", path_values={"id": id}, body=comment)

    def tick_step(self, id: str, step: str, ticked: StepIn) -> list[StepOut]:
        """A step of the runbook was done, or was not after all."""
        return self._ask(
            list[StepOut], "PUT", "/cases/{id}/steps/{step}", path_values={"id": id, "step": step}, body=ticked
        )

    def acknowledge_cases(self, those: BulkIn) -> BulkOut:
        """All notices of these cases were seen."""
        return self._ask(BulkOut, "POST", "/cases/acknowledge", body=those)
