"""What all tests share."""

from hypothesis import HealthCheck, settings

# Machines are shared and stall: how long an example took says nothing of the code (benchmarks/ do that).
settings.register_profile("linewarden", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("linewarden")
