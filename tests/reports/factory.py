"""Made-up plants to draw: a bottling line of 12 devices, a works of 40, a site of 2,000. No clock, no chance."""

from __future__ import annotations

import dataclasses
from collections import defaultdict

from linewarden.plant.model import (
    Asset,
    Capture,
    Conversation,
    Evidence,
    Finding,
    NamesReport,
    Plant,
    ProtocolUse,
    Role,
    Service,
    Severity,
)

START = 1_772_600_400_000_000_000
HOUR = 3_600_000_000_000
HOSTILE = [
    "</script><script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "<!--<script>", "{{7*7}}{% raw %}",
    "' onload='x",
    "\x1b[31mred\x07", "\u202egnp.exe", "\x00\ud800", "javascript:alert(1)", "[bold]x[/]",
    "=cmd|' /C calc'!A0", "&lt;b&gt;",
    "x" * 5000,
]  # fmt: skip
_MAKERS = {
    Role.CONTROLLER: (("Siemens", "CPU 1516-3 PN/DP", "6ES7 516-3AN02-0AB0", "V2.9.4"),
                      ("Rockwell Automation", "ControlLogix 5580", "1756-L83E", "33.011"),
                      ("Schneider Electric", "Modicon M580", "BMEP582040", "3.20")),
    Role.SAFETY_CONTROLLER: (("HIMA", "HIMatrix F30", "982200406", "11.10"),),
    Role.IO: (("Siemens", "ET 200SP", "6ES7 155-6AU01-0BN0", "V4.2"), ("WAGO", "750-352", "750-352", "8")),
    Role.DRIVE: (("SEW-EURODRIVE", "MOVIDRIVE", "MDX61B", "18"), ("Danfoss", "VLT FC 302", "131B0001", "7.62")),
    Role.HMI: (("Siemens", "TP1200 Comfort", "6AV2 124-0MC01-0AX0", "16.0"),),
    Role.SCADA: (("Dell", "PowerEdge R340", "", ""),),
    Role.HISTORIAN: (("HPE", "ProLiant DL360", "", ""),),
    Role.ENGINEERING: (("Lenovo", "ThinkPad P52", "", ""),),
    Role.SWITCH: (("Hirschmann", "RS20-0800", "943 434-003", "09.1.05"),),
}  # fmt: skip
_LEVEL = {
    Role.CONTROLLER: 1.0, Role.SAFETY_CONTROLLER: 1.0, Role.RTU: 1.0, Role.IO: 0.0, Role.DRIVE: 0.0, Role.SENSOR: 0.0,
    Role.HMI: 2.0, Role.SCADA: 2.0, Role.ENGINEERING: 3.0, Role.HISTORIAN: 3.0, Role.SERVER: 4.0,
    Role.WORKSTATION: 4.0, Role.SWITCH: 2.0, Role.ROUTER: 3.0,
}  # fmt: skip


def asset(number: int, name: str, role: Role, net: str = "10.20.1", **other: object) -> Asset:
    """One asset with believable identity and evidence, all from its number and role."""
    makers = _MAKERS.get(role, (("", "", "", ""),))
    vendor, model, order, firmware = makers[number % len(makers)]
    mac = f"00:1b:1b:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
    ip = f"{net}.{number % 250 + 1}"
    proof = [Evidence("ip", ip, "arp", "sender address", "line-a.pcapng", number * 3 + 1)]
    if model:
        proof += [
            Evidence("model", model, "s7comm", "SZL 0x001C index 2", "line-a.pcapng", number * 7 + 12),
            Evidence("vendor", vendor, "oui", mac[:8], "line-a.pcapng", number * 3 + 1, 0.7),
        ]
    made = Asset(
        id=mac, name=name, names=(name,), macs=(mac,), ips=(ip,), vlans=(20,), vendor=vendor or None,
        model=model or None,
        order_number=order or None, firmware=firmware or None, role=role, role_confidence=0.95 if model else 0.6,
        role_reasons=("answers as an S7 CPU", "asked by panels") if role is Role.CONTROLLER else ("how it talks",),
        level=_LEVEL.get(role), first_seen=START + number * 1_000_000, last_seen=START + 2 * HOUR,
        packets=1200 + number * 13,
        bytes=150_000 + number * 4711, evidence=tuple(proof),
    )  # fmt: skip
    return dataclasses.replace(made, **other)  # type: ignore[arg-type]


def talk(source: Asset, target: Asset, protocol: str, size: int = 40_000, port: int = 0, **verbs: int) -> Conversation:
    """A conversation of two hours."""
    return Conversation(
        source.id, target.id, (protocol,), (port,) if port else (), size // 110 + 1, size, size // 230,
        tuple(sorted(verbs.items(), key=lambda v: -v[1])), START, START + 2 * HOUR, "line-a.pcapng", size % 9973 + 1,
    )  # fmt: skip


def plant(assets: list[Asset], talks: list[Conversation], **other: object) -> Plant:
    """Join peers, services, masters, writers and protocols to the assets, as the fold would."""
    peers, masters, writers, uses = (defaultdict(set) for _ in range(4))
    serves: dict[str, dict[tuple[str, int | None], set[str]]] = defaultdict(lambda: defaultdict(set))
    used: dict[str, list[Conversation]] = defaultdict(list)
    for c in talks:
        peers[c.source].add(c.target)
        peers[c.target].add(c.source)
        if c.verbs:
            masters[c.target].add(c.source)
        if any(v in ("write", "stop", "program_download", "force") for v, _ in c.verbs):
            writers[c.target].add(c.source)
        for p in c.protocols:
            uses[c.source].add(p)
            used[p].append(c)
            serves[c.target][p, c.ports[0] if c.ports else None].add(c.source)
    made = tuple(
        dataclasses.replace(
            a, peers=tuple(sorted(peers[a.id])), masters=tuple(sorted(masters[a.id])),
            writers=tuple(sorted(writers[a.id])), uses=tuple(sorted(uses[a.id])),
            serves=tuple(Service(p, port, "tcp" if port else "eth", len(who))
                         for (p, port), who in sorted(serves[a.id].items(), key=str)),
        )
        for a in sorted(assets, key=lambda a: a.id)
    )  # fmt: skip
    protocols = tuple(
        ProtocolUse(p, len(cs), sum(c.packets for c in cs), sum(c.bytes for c in cs),
                    len({i for c in cs for i in (c.source, c.target)}))
        for p, cs in sorted(used.items())
    )  # fmt: skip
    packets, size = sum(c.packets for c in talks), sum(c.bytes for c in talks)
    base = Plant(
        assets=made, conversations=tuple(talks), protocols=protocols, first_seen=START, last_seen=START + 2 * HOUR,
        packets=packets, bytes=size,
        captures=(Capture("line-a.pcapng", packets, size, len(talks), START, START + 2 * HOUR),),
    )  # fmt: skip
    return dataclasses.replace(base, **other)  # type: ignore[arg-type]


def finding(kind: str, severity: Severity, title: str, *about: Asset, **text: str) -> Finding:
    """A finding with one packet as proof."""
    return Finding(
        kind, severity, title, text.get("detail", "Anyone on this network can do the same."),
        text.get("next_step", "Put these devices behind a firewall that only lets the panels in."),
        tuple(a.id for a in about), (Evidence(kind, title, "conn", "", "line-a.pcapng", 4711),),
    )  # fmt: skip


def bottling() -> Plant:
    """A bottling line: 12 devices and one public address."""
    filler = asset(1, "Filler PLC", Role.CONTROLLER)
    capper = asset(4, "Capper PLC", Role.CONTROLLER)
    labeller = asset(3, "Labeller PLC", Role.CONTROLLER)
    safety = asset(5, "Line safety", Role.SAFETY_CONTROLLER)
    io = [asset(6 + i, f"Filler I/O {i + 1}", Role.IO) for i in range(2)]
    drive = asset(9, "Conveyor drive", Role.DRIVE)
    panel = asset(10, "Panel filler", Role.HMI)
    scada = asset(11, "SCADA-01", Role.SCADA, net="10.20.2")
    historian = asset(12, "HIST-01", Role.HISTORIAN, net="10.20.2")
    laptop = asset(13, "ENG-LAPTOP", Role.ENGINEERING, net="10.20.2")
    office = asset(14, "MES-APP", Role.SERVER, net="192.168.10", software="Apache 2.4.29")
    outside = asset(15, "203.0.113.9", Role.UNKNOWN, net="203.0.113", public=True, level=5.0, macs=())
    plcs = [filler, capper, labeller]
    talks = [talk(panel, p, "s7comm", 600_000 + i * 40_000, 102, read=7200, write=41 + i) for i, p in enumerate(plcs)]
    talks += [talk(scada, p, "s7comm", 2_400_000, 102, read=14_400, write=320) for p in plcs]
    talks += [talk(filler, d, "pn_io", 9_000_000, 0, read=1) for d in io] + [talk(capper, drive, "pn_io", 4_000_000)]
    talks += [
        talk(laptop, filler, "s7comm", 380_000, 102, read=40, program_download=2, stop=1, start=1),
        talk(scada, safety, "modbus", 90_000, 502, read=7200),
        talk(historian, scada, "opcua", 5_200_000, 4840, subscribe=12, read=90),
        talk(office, historian, "https", 800_000, 443), talk(office, scada, "rdp", 1_100_000, 3389),
        talk(laptop, outside, "tls", 240_000, 443),
    ]  # fmt: skip
    exposures = (
        finding("public_peer", Severity.HIGH, "ENG-LAPTOP talks to a public address", laptop, outside,
                next_step="Ask why the engineering laptop reaches the internet, and close it if nobody knows."),
        finding("program_download", Severity.CRITICAL, "A program was loaded into Filler PLC without a log-in", filler,
                laptop, next_step="Ask who did this, and compare the program with your backup."),
        finding("unauthenticated_writes", Severity.MEDIUM, "Controllers accept writes from anyone", *plcs),
        finding("plain_http", Severity.LOW, "Old web server on MES-APP", office),
    )  # fmt: skip
    tap = (
        finding("one_way", Severity.HIGH, "One direction is missing for 3 conversations", filler, panel,
                detail="For these pairs only the questions were seen, never the answers.",
                next_step="Mirror both directions (rx and tx) of the switch port, then record again."),
        finding("duplicates", Severity.OK, "No frame was seen twice"),
    )  # fmt: skip
    everything = [*plcs, safety, *io, drive, panel, scada, historian, laptop, office, outside]
    spare = (("10.20.1.77", "Spare PLC"), ("10.20.1.78", "Palletiser"))
    names = NamesReport((("10.20.1.2", filler.id),), spare, (office.id,), ((drive.id, "role", "io", "drive"),))
    return plant(everything, talks, exposures=exposures, tap=tap, names=names)


def works() -> Plant:
    """40 devices on three lines."""
    assets: list[Asset] = []
    talks: list[Conversation] = []
    scada = [asset(200 + i, f"SCADA-{i + 1:02}", Role.SCADA, net="10.20.9") for i in range(2)]
    historian = asset(210, "HISTORIAN", Role.HISTORIAN, net="10.20.9")
    laptop = asset(211, "ENG-01", Role.ENGINEERING, net="10.20.9")
    erp = asset(212, "ERP-GW", Role.SERVER, net="172.16.4")
    number = 0
    for line in range(3):
        net = f"10.20.{line + 1}"
        plcs = [asset(number + i, f"L{line + 1} PLC {i + 1}", Role.CONTROLLER, net) for i in range(4)]
        io = [asset(number + 10 + i, f"L{line + 1} I/O {i + 1}", Role.IO, net) for i in range(5)]
        panels = [asset(number + 20 + i, f"L{line + 1} panel {i + 1}", Role.HMI, net) for i in range(2)]
        number += 30
        assets += [*plcs, *io, *panels]
        talks += [talk(plcs[i % 4], d, "pn_io", 3_000_000 + i * 100_000) for i, d in enumerate(io)]
        talks += [talk(panels[i % 2], p, "s7comm", 700_000, 102, read=900, write=9 + i) for i, p in enumerate(plcs)]
        talks += [talk(scada[line % 2], p, "s7comm", 1_900_000, 102, read=9000) for p in plcs]
    assets += [
        *scada,
        historian,
        laptop,
        erp,
        asset(213, "00:80:63:11:22:33", Role.SWITCH),
        asset(214, "??", Role.UNKNOWN),
    ]
    talks += [talk(historian, s, "opcua", 4_000_000, 4840, subscribe=3) for s in scada]
    talks += [
        talk(laptop, assets[0], "s7comm", 90_000, 102, program_upload=1, read=4),
        talk(erp, historian, "https", 60_000, 443),
    ]
    return plant(assets, talks, tap=(finding("duplicates", Severity.OK, "No frame was seen twice"),))


def site(count: int = 2000) -> Plant:
    """A site of many lines: `count` devices in nets of 50."""
    kinds = [Role.CONTROLLER] * 8 + [Role.IO] * 24 + [Role.DRIVE] * 8 + [Role.HMI] * 4 + [Role.SWITCH] * 2
    kinds += [Role.SCADA, Role.HISTORIAN, Role.ENGINEERING, Role.UNKNOWN]
    assets = [
        asset(
            i, f"{kinds[i % 50].value[:4].upper()}-{i // 50:02}-{i % 50:02}", kinds[i % 50], f"10.{i // 2500}.{i // 50}"
        )
        for i in range(count)
    ]
    talks: list[Conversation] = []
    for base in range(0, count - 49, 50):
        cell = assets[base : base + 50]
        talks += [talk(cell[i % 8], cell[8 + i], "pn_io", 900_000 + i * 1000) for i in range(32)]
        talks += [talk(cell[40 + i % 4], cell[i], "s7comm", 300_000, 102, read=900, write=i) for i in range(1, 8)]
        talks += [talk(cell[46], cell[i], "s7comm", 900_000, 102, read=5000) for i in range(8)]
        talks += [talk(cell[47], cell[46], "opcua", 700_000, 4840, subscribe=5)]
    controllers = [a for a in assets if a.role is Role.CONTROLLER]
    open_writes = finding(
        "unauthenticated_writes", Severity.MEDIUM, "Controllers accept writes from anyone", *controllers
    )
    return plant(assets, talks, exposures=(open_writes,))


def called(text: str) -> Plant:
    """A small plant in which everything that comes from the wire says `text`."""
    proof = (Evidence("model", text, "s7comm", text, text, 5),)
    plc = asset(
        1, text or "plc", Role.CONTROLLER, vendor=text, model=text, firmware=text, order_number=text, zone=text,
        names=(text, "other"), software=text, evidence=proof, role_reasons=(text,),
    )  # fmt: skip
    panel = asset(2, text or "panel", Role.HMI)
    talks = [talk(panel, plc, "modbus", 9000, 502, write=4, read=90)]
    talks.append(dataclasses.replace(talk(panel, plc, text or "x", 10), target=text, group=True, capture=text))
    found = finding("kind", Severity.HIGH, text or "t", plc, detail=text, next_step=text)
    return plant([plc, panel], talks, exposures=(found,), tap=(found,))
