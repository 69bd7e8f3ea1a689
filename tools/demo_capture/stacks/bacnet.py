"""BACnet/IP of the hall's ventilation, with bacpypes3: an air handling unit and its management server.

ANSI/ASHRAE 135, annex J: Who-Is/I-Am, ReadProperty, WriteProperty, SubscribeCOV.
"""

from __future__ import annotations

import asyncio
import math

from bacpypes3.app import Application
from bacpypes3.basetypes import EngineeringUnits
from bacpypes3.local.analog import AnalogInputObject, AnalogValueObject
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.pdu import Address
from bacpypes3.primitivedata import ObjectIdentifier
from pace import aattempt, aticks, choose

AHU, AHU_INSTANCE, BMS, BMS_INSTANCE = "10.20.2.21", 2021, "10.20.2.10", 2010
ASKED = (
    "object-name",
    "vendor-name",
    "vendor-identifier",
    "model-name",
    "firmware-revision",
    "application-software-version",
    "description",
    "location",
    "protocol-version",
    "protocol-revision",
)


def _application(address: str, instance: int, **said: object) -> Application:
    device = DeviceObject(
        objectIdentifier=("device", instance),
        maxApduLengthAccepted=1476,
        segmentationSupported="segmentedBoth",
        **said,
    )
    port = NetworkPortObject(f"{address}/24", objectIdentifier=("network-port", 1), objectName="port 1")
    return Application.from_object_list([device, port])


async def ahu(seconds: float) -> None:
    """The air handling unit's controller."""
    app = _application(
        AHU,
        AHU_INSTANCE,
        objectName="AHU-1-HALL",
        vendorName="Delta Controls",
        vendorIdentifier=8,
        modelName="eBCON",
        firmwareRevision="4.12.0",
        applicationSoftwareVersion="AHU 2.3",
        description="Air handling unit, filling hall",
        location="Hall 1 roof",
    )
    air = AnalogInputObject(
        objectIdentifier=("analog-input", 1),
        objectName="Supply air temperature",
        presentValue=18.5,
        units=EngineeringUnits.degreesCelsius,
        covIncrement=0.2,
    )
    target = AnalogValueObject(
        objectIdentifier=("analog-value", 1),
        objectName="Supply air set-point",
        presentValue=19.0,
        units=EngineeringUnits.degreesCelsius,
        covIncrement=0.5,
    )
    app.add_object(air)
    app.add_object(target)
    app.i_am()
    async for count in aticks(seconds, 2.0):
        air.presentValue = round(18.5 + math.sin(count / 2), 2)
    app.close()


async def _listen(app: Application, seconds: float) -> None:
    """Subscribes to the temperature and takes its notifications."""
    async with app.change_of_value(Address(AHU), ObjectIdentifier("analog-input,1"), lifetime=300) as values:
        end = asyncio.get_running_loop().time() + seconds
        while (left := end - asyncio.get_running_loop().time()) > 0:
            try:
                await asyncio.wait_for(values.get_value(), left)
            except TimeoutError:
                return


async def bms(seconds: float) -> None:
    """The building management server: looks for devices, asks who they are, follows the temperature."""
    app = _application(
        BMS,
        BMS_INSTANCE,
        objectName="BMS-HALL",
        vendorName="Delta Controls",
        vendorIdentifier=8,
        modelName="enteliWEB",
        firmwareRevision="4.22",
    )
    await aattempt(asyncio.wait_for(app.who_is(), 5))
    target = Address(AHU)
    for name in ASKED:
        await aattempt(app.read_property(target, ObjectIdentifier(f"device,{AHU_INSTANCE}"), name))
    listening = asyncio.create_task(_listen(app, seconds - 10))
    async for count in aticks(seconds - 8, 3.0):
        await aattempt(app.read_property(target, ObjectIdentifier("analog-value,1"), "present-value"))
        if count == 5:
            await aattempt(app.write_property(target, ObjectIdentifier("analog-value,1"), "present-value", 20.5))
        if count % 6 == 3:
            app.who_is()
    await listening
    app.close()


if __name__ == "__main__":
    choose({"ahu": ahu, "bms": bms})
