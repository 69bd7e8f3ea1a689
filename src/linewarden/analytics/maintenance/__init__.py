"""WEARING OUT: how long a machine still has, how well it is, and what it costs to wait. Pure; see docs/maintenance.md.

runs.py        histories of units until they failed       life.py        remaining useful life, learned from them
operating.py   at which operating point a row was taken   intervals.py   how far off it may be (conformal, by unit)
trends.py      levels and slopes of several spans         survival.py    from lifetimes alone, few of them failures
limits.py      when a trend meets a limit                 index.py       health 0..1, with reasons
vibration.py   features of a vibration signal             iso20816.py    its severity
bearing.py     frequencies of a bearing's defects         proposal.py    act now or wait: expected cost
exchange.py    trees as ONNX                               foresight.py   warns before a limit
"""
