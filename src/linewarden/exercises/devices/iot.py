"""A climate sensor with a web page: publishes to the broker, and still has the password that it came with."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

from linewarden.exercises.context import Context
from linewarden.exercises.devices._http import Answer, Request, fetch, serve_http
from linewarden.exercises.devices.edge import MQTT_PORT
from linewarden.exercises.noise import gauss, uniform
from linewarden.exercises.pace import aticks, attempt, say, together

HTTP_PORT = 80
DEFAULT_LOGIN = ("admin", "admin")
TOPIC = "hall/climate/iot-climate"
BEACON_S = 4.0
JITTER = 0.15


class Sensor:
    """`callback`: where its "cloud function" reports to, once somebody has set it."""

    def __init__(self, ctx: Context) -> None:
        self.ctx, self.callback = ctx, ""

    async def page(self, request: Request) -> Answer:
        """Settings; POST /api/cloud sets where the sensor reports to."""
        if request.login() != DEFAULT_LOGIN:
            return Answer(401, "login", headers={"WWW-Authenticate": 'Basic realm="CS-200"'})
        if request.method == "POST" and request.path == "/api/cloud":
            self.callback = str(json.loads(request.body)["url"])
            say(f"reports to {self.callback} from now on")
            return Answer(200, "saved")
        return Answer(200, f"<html><title>Climasense CS-200 {self.ctx.device.firmware}</title></html>")

    async def publish(self) -> None:
        """Temperature and humidity of the hall, in clear."""
        import paho.mqtt.client as mqtt

        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=self.ctx.name)
        client.connect_async(self.ctx.address("mqtt-broker"), MQTT_PORT, keepalive=15)
        client.loop_start()
        async for count in aticks(3.0):
            said = {
                "temperature": round(21 + gauss(self.ctx.seed, count, 61, 0.1), 2),
                "humidity": 48,
                "ts": self.ctx.clock.now_ms(),
            }
            client.publish(TOPIC, json.dumps(said))

    async def beacon(self) -> None:
        """Calls home at nearly even intervals; only in the exercise's own namespaces."""
        async for count in aticks(BEACON_S):
            if not self.callback:
                continue
            self.ctx.require_attack_allowed()
            await asyncio.sleep(BEACON_S * JITTER * uniform(self.ctx.seed, count, 62))
            where = urlsplit(self.callback)
            attempt(await_quietly, fetch(str(where.hostname), where.port or HTTP_PORT, where.path, agent="curl/7.88.1"))


def await_quietly(call: Any) -> None:
    """Starts a call and lets go of it: a beacon that finds nobody tries again later."""
    asyncio.get_running_loop().create_task(call).add_done_callback(lambda task: task.exception())


async def run(ctx: Context) -> None:
    """Page, telemetry, and whatever it was told."""
    sensor = Sensor(ctx)
    await together(sensor.publish(), sensor.beacon(), serve_http(ctx.own, ctx.port(HTTP_PORT), sensor.page, "Boa/0.94"))
