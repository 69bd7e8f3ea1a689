"""The service's hand on its SQL state: it may go away and come back, and listening goes on.

What is said goes first to the spool, a file that outlives a kill, and from there to the database, each once.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import StoreError
from linewarden.service.audit.witness import SIGN_EVERY_S, Witness
from linewarden.service.board import Board
from linewarden.service.pruning import prune_job
from linewarden.service.schedule import Job, Turn
from linewarden.service.state import Event, Spool, State, open_state

if TYPE_CHECKING:
    from linewarden.service.maintenance.calendar import Calendar

DELIVER_EVERY_S = 2.0


class StateKeeper:
    """Opens the state when it can be had, and delivers to it what was said meanwhile."""

    def __init__(self, url: str, password: str | None, spool: Path, board: Board, witness: Witness) -> None:
        self._url, self._password, self._place, self._board = url, password, spool, board
        self._witness = witness
        self._spool: Spool | None = None
        self._state: State | None = None
        self._run: int | None = None
        self._version = ""
        self._turns: list[Turn] = []

    def begin(self, version: str) -> None:
        """Opens the spool, and the state if it is there. Raises StoreError if the spool cannot be written."""
        self._version = version
        self._spool = Spool(self._place)
        self._deliver(lambda: False)

    def jobs(self) -> list[Job]:
        """What the schedule runs."""
        return [
            Job("state", DELIVER_EVERY_S, self._deliver, first_s=0.0),
            Job("audit", SIGN_EVERY_S, self._audit, first_s=DELIVER_EVERY_S),
            prune_job(lambda: self._state),
        ]

    def event(self, severity: str, source: str, text: str) -> None:
        """Something was said: it is kept, whatever happens to the database."""
        if self._spool is not None:
            self._spool.add(Event.now(severity, source, text))

    def turn(self, turn: Turn) -> None:
        """A job had its turn. What it did is of use for a while only, so that the last ones wait in memory."""
        if turn.job != "state" and (turn.detail or turn.error):
            self._turns = [*self._turns[-99:], turn]

    def calendar(self, site: str) -> Calendar:
        """Where maintenance is proposed. Raises StoreError while the database is away."""
        from linewarden.service.audit.ledger import Ledger
        from linewarden.service.maintenance.calendar import Calendar

        return Calendar(Ledger(self._opened(), self._witness.key_file), site)

    def end(self, clean: bool) -> None:
        """Delivers what is left and notes how the run ended, if the database is there."""
        self._deliver(lambda: False)
        try:
            if self._state is not None and self._run is not None:
                self._state.end_run(self._run, clean=clean, also=self._witness.ended(self._state, clean))
                self._witness.turn(self._state)
        except StoreError as error:
            self._away(error)
        if self._state is not None:
            self._state.close()
        if self._spool is not None:
            self._spool.close()

    def _deliver(self, _should_end: Callable[[], bool]) -> str:
        try:
            state = self._opened()
            delivered = self._spool.deliver(state) if self._spool is not None else 0
            while self._turns:
                turn = self._turns[0]
                state.record_job(turn.job, turn.began, turn.seconds, turn.error or turn.detail, failed=bool(turn.error))
                self._turns.pop(0)
        except StoreError as error:
            self._away(error)
            return ""
        self._board.ill("state", "")
        self._board.fact("state", up=1, waiting=len(self._spool) if self._spool is not None else 0)
        return f"{delivered} events were written down" if delivered else ""

    def _audit(self, _should_end: Callable[[], bool]) -> str:
        """While the database is away nothing is changed in it, and so nothing is to be signed."""
        return self._witness.turn(self._state) if self._state is not None and self._run is not None else ""

    def _opened(self) -> State:
        if self._state is None:
            self._state = open_state(self._url, password=self._password)
        if self._run is None:
            also = self._witness.began(self._state)
            self._run = self._state.begin_run(self._version, platform.node(), os.getpid(), also)
        return self._state

    def _away(self, error: StoreError) -> None:
        self._board.ill("state", f"{error}; events wait in {self._place} until it is back")
        self._board.fact("state", up=0, waiting=len(self._spool) if self._spool is not None else 0)
