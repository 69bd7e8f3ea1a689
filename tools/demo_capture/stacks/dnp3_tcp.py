"""DNP3 to the feeder's protection relay, with dnp3py: outstation and master (IEEE 1815-2012)."""

from __future__ import annotations

import asyncio
import math

from dnp3.database import AnalogInputConfig, BinaryInputConfig, BinaryOutputConfig, CounterConfig, Database
from dnp3.master import DefaultSOEHandler, Master, MasterConfig, MasterTcpRunner
from dnp3.outstation import (
    CommandResult,
    DefaultCommandHandler,
    Outstation,
    OutstationConfig,
    OutstationTcpRunner,
)
from pace import aattempt, aticks, choose

RELAY, OUTSTATION, MASTER = "10.20.2.32", 10, 1


class _Breaker(DefaultCommandHandler):
    """Accepts every control of its one breaker."""

    def select_binary_output(self, *_args: object, **_named: object) -> CommandResult:
        return CommandResult.success()

    def operate_binary_output(self, *_args: object, **_named: object) -> CommandResult:
        return CommandResult.success()

    def direct_operate_binary_output(self, *_args: object, **_named: object) -> CommandResult:
        return CommandResult.success()


async def relay(seconds: float) -> None:
    """The protection relay of feeder 1."""
    points = Database()
    points.add_binary_input(0, BinaryInputConfig(), value=True)
    points.add_binary_output(0, BinaryOutputConfig())
    points.add_counter(0, CounterConfig())
    for index in range(4):
        points.add_analog_input(index, AnalogInputConfig(deadband=5))
    config = OutstationConfig(address=OUTSTATION, master_address=MASTER)
    station = Outstation(database=points, config=config, handler=_Breaker())
    runner = OutstationTcpRunner(outstation=station, host="0.0.0.0", port=20000)
    serving = asyncio.create_task(runner.run())
    async for count in aticks(seconds, 2.0):
        for index in range(4):
            points.update_analog_input(index, value=int(230 + 20 * math.sin(count / 3 + index)))
        points.update_counter(0, 5000 + count)
        if count % 10 == 6:
            points.update_binary_input(0, value=count % 20 != 6)
    await runner.stop()
    serving.cancel()


async def scada(seconds: float) -> None:
    """The master: integrity poll, then events; the delay; one select and operate, one direct operate."""
    master = Master(handler=DefaultSOEHandler(), config=MasterConfig(address=MASTER, outstation_address=OUTSTATION))
    async with MasterTcpRunner(master=master, host=RELAY, port=20000) as link:
        await aattempt(link.integrity_poll())
        await aattempt(link.request(master.build_delay_measure()))
        async for count in aticks(seconds, 2.0):
            await aattempt(link.class_poll())
            if count % 10 == 9:
                await aattempt(link.integrity_poll())
            if count == 8:
                build = master.command_builder().latch_on(0)
                await aattempt(link.request(master.build_select(build.build_select())))
                await aattempt(link.request(master.build_operate(build.build_operate())))
            if count == 14:
                trip = master.command_builder().pulse_on(0, on_time=250)
                await aattempt(link.request(master.build_direct_operate(trip.build_direct_operate())))


if __name__ == "__main__":
    choose({"relay": relay, "scada": scada})
