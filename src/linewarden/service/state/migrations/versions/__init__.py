"""The steps. A new one: copy the last, new number, `down_revision` the last; tests say whether the tables agree."""
