"""Overall equipment effectiveness: where a machine's time went, and what it made of it.

    times = measured(spans, pieces, shifts_between(shifts, begin, end), ideal)
    times.oee, times.availability, times.performance, times.quality, times.losses

Definitions: ISO 22400-2:2014, elements of clause 5 (planned busy time PBT, actual production time APT, planned run time
per item PRI, produced quantity PQ, good quantity GQ) and key figures of clause 6 (availability APT / PBT, effectiveness
PRI * PQ / APT, quality ratio GQ / PQ, OEE index their product). Pure, and of the standard library alone. Times are ns
UTC, as everywhere.
"""
