"""What people send to the console: captures, which are read into the lake, and lists of names.

A file waits in quarantine (`service/uploads`); a process of its own looks at what it is, unpacks and reads it, and says
how far it is (`worker`). What was sent, by whom, and what became of it stays (`Arrivals`).
"""

from __future__ import annotations

from linewarden.service.intake.arrivals import Arrival, Arrivals
from linewarden.service.intake.desk import IntakeDesk

__all__ = ["Arrival", "Arrivals", "IntakeDesk"]
