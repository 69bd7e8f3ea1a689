"""THE OTHER SOURCES: they ask machines, or are told by them, and yield `reading` records.

One file a kind, found by listing. A collector does nothing unless a `[[collector]]` table names it, and it never
writes to a plant device: reads, subscriptions and what a host application of Sparkplug must say are all it does.
"""
