"""Energy and output of the tags of a lake, as pages and API ask for them.

Each question is answered by a process of its own (worker.py), which reads what it may, counts, and ends; `Measures`
(desk.py) lets few of them run at once and keeps the answers for a while.
"""

from __future__ import annotations

from linewarden.service.measuring.desk import Measures
from linewarden.service.measuring.units import MeterUnit, meter_unit

__all__ = ["Measures", "MeterUnit", "meter_unit"]
