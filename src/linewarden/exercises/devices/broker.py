"""The MQTT broker: Mosquitto of the distribution, open to everybody on the plant's network, as it is often found."""

from __future__ import annotations

import os

from linewarden.exercises.context import Context
from linewarden.exercises.devices.edge import MQTT_PORT


def run(ctx: Context) -> None:
    """Becomes mosquitto."""
    config = ctx.home() / "mosquitto.conf"
    lines = [f"listener {MQTT_PORT} {ctx.own}", "allow_anonymous true", "persistence false", "log_dest stderr"]
    if os.geteuid() == 0:
        # In the exercise's user namespace there is no other user to become.
        lines.append("user root")
    config.write_text("\n".join([*lines, ""]))
    os.execvp("mosquitto", ["mosquitto", "-c", str(config)])  # noqa: S606, S607 - a program of the distribution
