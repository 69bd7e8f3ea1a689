"""A historian export, whatever its form, as rows on a line of time that fit into memory, and a report on it."""
