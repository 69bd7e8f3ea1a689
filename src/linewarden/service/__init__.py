"""The machine room: pipeline, store, configuration. The only async, stateful, clock-reading place."""
