"""ZONES AND CONDUITS of a plant (IEC 62443-1-1, 3-2): what belongs together, and the traffic that crosses.

model.py         what is known of a zone            conduits.py      who talks across, and what that lacks a reason for
store.py         the same in SQL                    suggestions.py   zones that the network suggests
membership.py    which assets are in which zone: corrections in the lake, and the undoing of moves
"""
