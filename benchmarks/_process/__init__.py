"""The bottling line without its network: the physics at high speed, and what its devices would say, as records."""
