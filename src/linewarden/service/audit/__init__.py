"""The audit log: who changed what, when, from what to what, so that nobody changes it later unseen (docs/audit.md).

entry.py     what an entry says          heads.py      signed tree heads, the log's key and its rotation
ledger.py    the log in SQL: append      checking.py   what was changed, dropped or put in since
beside.py    changes of plain files      places.py     which log is meant
"""

from __future__ import annotations

from linewarden.service.audit.beside import recorded
from linewarden.service.audit.entry import Change

__all__ = ["Change", "recorded"]
