"""The SQL state of the service: SQLite by default, PostgreSQL by URL; and the spool, where events wait for it."""

from __future__ import annotations

from linewarden.service.state.opening import look_at, open_state, prepare
from linewarden.service.state.rows import Event, JobRun, ServiceRun
from linewarden.service.state.spool import Spool
from linewarden.service.state.store import State

__all__ = ["Event", "JobRun", "ServiceRun", "Spool", "State", "look_at", "open_state", "prepare"]
