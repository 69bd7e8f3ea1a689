"""What is known of tags besides their values: unit, meaning, range, and where they belong.

A machine may say it (its collector's `Tag`), and a person knows better: what a person said goes before.

facts.py      what may be said of a tag       files.py     where it is kept, in the lake
editing.py    said by a person                importing.py the same from a table
"""
