"""A Unified Namespace: the last of every value at an MQTT broker, under one tree of topics for the whole plant.

It publishes to a broker that a person named, and to nothing else; a broker is no plant device. It subscribes to
nothing.
"""
