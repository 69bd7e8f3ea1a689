"""Roles as people write them in their lists ('Firewall', 'remote I/O', 'SPS'), to the closed list of roles."""

from __future__ import annotations

import re

from linewarden.plant.model import Role

_WORDS: dict[Role, str] = {
    Role.CONTROLLER: "plc, pac, dcs, cpu, sps, programmable logic controller, process controller, soft plc, cnc, "
    "robot controller, robot, motion controller, plc cpu",
    Role.SAFETY_CONTROLLER: "safety plc, sis, safety system, safety instrumented system, esd, fail-safe controller, "
    "safety cpu, safety",
    Role.IO: "i/o, remote i/o, distributed i/o, i/o station, i/o device, i/o module, i/o block, field i/o, rio, "
    "bus coupler, coupler, i/o rack, valve terminal, valve island",
    Role.DRIVE: "vfd, vsd, inverter, frequency converter, frequency inverter, variable speed drive, servo, "
    "servo drive, motor drive, soft starter, motor controller, pump, motor, conveyor drive",
    Role.SENSOR: "instrument, transmitter, field device, meter, power meter, energy meter, flow meter, flowmeter, "
    "analyser, analyzer, scale, scanner, barcode reader, reader, gauge, actuator, valve, encoder, merging unit, pmu",
    Role.RTU: "remote terminal unit, protection relay, relay, feeder relay, ied, bay controller, bay unit, outstation, "
    "substation controller, recloser, telecontrol, protection device",
    Role.GATEWAY: "protocol converter, converter, protocol gateway, edge gateway, iot gateway, serial server, "
    "device server, data concentrator, concentrator, edge device, media converter, serial converter",
    Role.BUILDING_CONTROLLER: "bacnet controller, bms controller, building automation controller, hvac, "
    "hvac controller, ahu, air handling unit, vav, thermostat, room controller, ddc, chiller, boiler",
    Role.HMI: "panel, operator panel, touch panel, operator terminal, operator station, human machine interface, "
    "op, display, terminal, operator workstation, operator console, console",
    Role.SCADA: "scada server, scada system, supervisory server, control server, hmi server, bms, bms server, "
    "building management server, building management system, building management, master station, front end, "
    "front-end processor, fep, opc server, alarm server, scada client, control system",
    Role.HISTORIAN: "historian server, data historian, archive, archive server, pi server, process historian",
    Role.MES: "mes server, mom, manufacturing execution system, manufacturing execution, manufacturing operations, "
    "production planning, scheduling server, aps, lims",
    Role.ENGINEERING: "engineering workstation, engineering station, engineering server, engineering pc, "
    "programming device, programmer, ews, es, pg, eng, engineering laptop, service laptop, service pc, field pg",
    Role.SERVER: "erp, domain controller, dc, dns server, dhcp server, time server, ntp server, "
    "file server, database, database server, db server, sql server, web server, application server, app server, "
    "hypervisor, virtual machine, vm, esxi, nas, storage, backup server, backup, jump host, jump server, proxy, "
    "mail server, print server, patch server, antivirus server, licence server, license server, host, cloud, "
    "remote access server, syslog server, mqtt broker, broker, srv, vm host",
    Role.WORKSTATION: "pc, computer, laptop, notebook, desktop, client, office pc, thin client, ipc, industrial pc, "
    "panel pc, tablet, ws",
    Role.SWITCH: "managed switch, network switch, ethernet switch, core switch, access switch, hub, bridge, sw",
    Role.ROUTER: "firewall, fw, ngfw, vpn, vpn gateway, vpn router, security appliance, utm, security gateway, "
    "default gateway, modem, layer 3 switch, l3 switch, data diode, diode, network gateway, internet gateway",
    Role.ACCESS_POINT: "ap, wlan ap, wifi, wi-fi, wireless, wlan, wireless access point, wlan controller",
    Role.PRINTER: "label printer, plotter, marker, labeler",
    Role.CAMERA: "ip camera, cctv, webcam, vision system, nvr, video recorder, cam",
    Role.PHONE: "ip phone, voip phone, voip, telephone, mobile phone, smartphone, intercom",
    Role.UNKNOWN: "other, n/a, na, ?, -, tbd, none, unclear, not known, to be checked",
}
_PARTS = re.compile(r"[^a-z0-9?]+")


def _key(text: str) -> str:
    """Spelling without case, marks and the split of 'I/O': 'Remote I/O' and 'remote_io' are one."""
    return " ".join(_PARTS.split(re.sub(r"\bi[/.]o\b", "io", text.lower()))).strip()


_ROLES: dict[str, Role] = {_key(word): role for role, text in _WORDS.items() for word in (role, *text.split(","))}


def parse_role(text: str) -> Role | None:
    """The role that `text` names, or None.

    What stands before a word that we know only says which one: 'spare PLC' and 'line 2 label printer' are a
    controller and a printer. So do a plural and a number after it: 'PLCs', 'HMI 2'.
    """
    words = _key(text).split()
    while len(words) > 1 and words[-1].isdigit():
        words.pop()
    for at in range(len(words)):
        rest = " ".join(words[at:])
        found = _ROLES.get(rest) or _ROLES.get(rest.rstrip("0123456789")) or _ROLES.get(rest.removesuffix("s"))
        if found is not None and (at == 0 or found is not Role.UNKNOWN):
            return found
    return Role.UNKNOWN if text.strip() in ("-", "--") else None
