"""MAINTENANCE: models of wear, kept and used; what they propose, and what people made of it (docs/maintenance.md).

histories.py   files with histories of units       planning.py   windows and money: a proposal
models.py      model files: written, read, listed  calendar.py   proposals in SQL: entered, accepted, declined
cards.py       what stands on a model's card       shelf.py      the same of a folder, for pages: no model is made
ics.py         the calendar for other programs (RFC 5545)
lives.py       what was scored of units, kept  living.py     scoring them while the service runs
command.py, calendar_command.py   `linewarden health ...`
"""
