"""The table by which roles are read from what a device says and does. Data only; `roles.py` weighs it.

Order numbers are public catalogue facts: Siemens 6ES7 (SIMATIC: 3rd group 2xx/3xx/4xx/5xx with CPU or module digits),
6GK (SIMATIC NET), 6SL (SINAMICS), 6AV (HMI); Rockwell 1756/1769/17xx; Schneider BMX/TSX/140; and so on.
"""

from __future__ import annotations

from linewarden.plant.model import Role

HINTS = {
    "controller": Role.CONTROLLER, "plc": Role.CONTROLLER, "safety": Role.SAFETY_CONTROLLER, "io": Role.IO,
    "hmi": Role.HMI, "scada": Role.SCADA, "historian": Role.HISTORIAN, "engineering": Role.ENGINEERING,
    "switch": Role.SWITCH, "router": Role.ROUTER, "workstation": Role.WORKSTATION, "server": Role.SERVER,
    "drive": Role.DRIVE, "mes": Role.MES, "printer": Role.PRINTER, "camera": Role.CAMERA, "rtu": Role.RTU,
    "gateway": Role.GATEWAY, "building_controller": Role.BUILDING_CONTROLLER,
    "safety_controller": Role.SAFETY_CONTROLLER, "access_point": Role.ACCESS_POINT, "phone": Role.PHONE,
    "sensor": Role.SENSOR,
}  # fmt: skip
"""Role hints of the identity stream, from the protocol's parser."""

HINT_WEIGHT = 0.7

PATTERNS: tuple[tuple[Role, float, str], ...] = (
    # Siemens
    (Role.SAFETY_CONTROLLER, 0.9, r"6es7 ?[135]1\d-\d[fs]|\bcpu ?\d{3,4}t?f(?:-| |\b)|s7-?\d+f[h]?\b"),
    (Role.CONTROLLER, 0.9, r"6es7 ?(?:21[1-9]|31[1-9]|41[0-9]|51[1-8]|61\d)-|\bcpu ?(?:12|15|3|4)\d\d?"),
    (Role.CONTROLLER, 0.9, r"s7-?(?:200|300|400|1[25]00)\b"),
    (Role.IO, 0.85, r"6es7 ?1[3-5]\d-|6es7 ?(?:32|33|42|43|52|53)\d-|\bet ?200|\bim ?1[5]\d"),
    (Role.SWITCH, 0.9, r"6gk5 ?[0-9]|scalance ?x"),
    (Role.ROUTER, 0.85, r"scalance ?[sm]\d|6gk5 ?[68]\d\d"),
    (Role.ACCESS_POINT, 0.9, r"scalance ?w|\baccess point\b|\baironet\b|\bunifi ap\b"),
    (Role.CONTROLLER, 0.5, r"6gk7 ?\d|\bcp ?(?:343|443|1543|1243)"),
    (Role.DRIVE, 0.9, r"6sl3|sinamics|micromaster|powerflex|altivar|\batv\d|\bacs ?\d{3}|danfoss|\bvlt\b|movidrive"),
    (Role.DRIVE, 0.9, r"kinetix|lenze|frequency converter|\bfc-?(?:102|202|280|30[1-2]|360)\b"),
    (Role.HMI, 0.85, r"6av[26-7]|\b(?:ktp|tp|mp|op) ?\d{3,4}\b|simatic hmi|comfort panel|panelview|magelis|\bhmi\b"),
    (Role.HMI, 0.85, r"\bgot ?[12]\d{3}|pro-?face|red lion|weintek"),
    (Role.SCADA, 0.85, r"wincc|\bintouch\b|\bcitect|\bifix\b|factorytalk|wonderware|ignition|\bscada\b|zenon|pcvue"),
    (Role.SCADA, 0.85, r"iconics|genesis64"),
    (Role.HISTORIAN, 0.85, r"historian|\bosisoft\b|\bpi server\b|\bpi data archive\b|proficy hist"),
    (Role.MES, 0.85, r"\bmes\b|manufacturing (?:execution|operations)|opcenter|\bplantapps\b|\bhydra x\b"),
    (Role.ENGINEERING, 0.85, r"\bstep ?7\b|tia portal|rslogix|studio 5000|rslinx|codesys development|unity pro"),
    (Role.ENGINEERING, 0.85, r"engineering station|\bsimatic pg\b|field ?pg"),
    # Rockwell and ODVA devices
    (Role.SAFETY_CONTROLLER, 0.9, r"1756-l\d+s|guardlogix|tri(?:con|dent|station)|\bhimax\b|\bhimatrix\b"),
    (Role.SAFETY_CONTROLLER, 0.9, r"safety manager|pnoz"),
    (Role.CONTROLLER, 0.9, r"175[68]-l\d|1769-l\d|5069-l\d|176[1-6]-l|controllogix|compactlogix|micrologix"),
    (Role.CONTROLLER, 0.9, r"\bslc[- ]?5|\bplc-?5|\bmicro8\d\d|logix ?5\d{3}"),
    (Role.CONTROLLER, 0.45, r"1756-e[nw]|1768-en|1769-en|1761-net|1756-cn|1788-"),
    (Role.IO, 0.85, r"17(?:34|38|94|91|97|32)-|5094-|1756-[io][abf]\w*\d|point ?i/?o|flex ?i/?o|armorblock"),
    (Role.SWITCH, 0.9, r"1783-|stratix"),
    # Others
    (Role.CONTROLLER, 0.85, r"\bbmx ?p|\bbme ?[ph]|\btsx ?p|140 ?cpu|\btm2\d\d|modicon|quantum"),
    (Role.CONTROLLER, 0.85, r"\bm[2358][0-9]{2}(?:\b|ce)|\bcj[12]m?|\bcs1|\bnx1p|\bnj\d{3}|\bfx[35]u"),
    (Role.CONTROLLER, 0.85, r"\b[qlr]\d{2}(?:u|en)\w*cpu|\bac ?[58]00m?\b|750-8\d\d|\bplc\b|\baxc ?f?\d|\bcx\d{4}"),
    (Role.CONTROLLER, 0.85, r"\bpfc[12]00"),
    (Role.CONTROLLER, 0.6, r"\bopenplc\b|\bcodesys\b|\bbeckhoff\b|\btwincat\b|\bge fanuc\b|\bpacsystems\b|\brx3i\b"),
    (Role.IO, 0.85, r"\b750-[34]\d\d\b|\badam-?\d{4}|\biologik\b|\bek\d{4}|\bbk\d{4}|\bremote i/?o\b"),
    (Role.IO, 0.85, r"\bbus ?coupler\b|\bi/?o link master"),
    (Role.RTU, 0.85, r"\brtu\d*\b|scadapack|\bsel-?\d{3,4}\b|\bremote terminal unit|\bd20\b|\bprotection relay"),
    (Role.RTU, 0.85, r"\bbay controller|\bied\b"),
    (Role.GATEWAY, 0.8, r"\bgateway\b|\banybus\b|\bnetbiter\b|\bmgate\b|\bhms ind|\bprotocol converter|\bnport\b"),
    (Role.GATEWAY, 0.8, r"digi (?:one|connect)|\blantronix\b|\bewon\b"),
    (Role.BUILDING_CONTROLLER, 0.8, r"\bbac(?:net)?\b.*(?:controller|router)|niagara|tridium|\bjace\b|alerton"),
    (Role.BUILDING_CONTROLLER, 0.8, r"delta controls|\bdesigo\b|metasys|automated logic|\bbas(?:gate|controller)"),
    (Role.SENSOR, 0.7, r"\bsensor\b|\btransmitter\b|\bpower ?meter\b|\bflow ?meter\b|sentron pac|\bpm[58]\d{3}\b"),
    # Network and office
    (Role.SWITCH, 0.85, r"\bswitch\b|catalyst|hirschmann|\bmach\d|\brs[23]0-|procurve|\beds-?\d|ruggedcom rs"),
    (Role.SWITCH, 0.85, r"\bws-c\d{4}|\bie-?[2-5]\d{3}\b|\bnexus ?\d"),
    (Role.ROUTER, 0.85, r"\brouter\b|\bfirewall\b|fortigate|\bpan-os\b|pfsense|opnsense|routeros|mikrotik"),
    (Role.ROUTER, 0.85, r"\bmguard\b|ruggedcom rx|\basa ?55|vyos"),
    (Role.PRINTER, 0.9, r"\bprinter\b|laserjet|\bjetdirect\b|brother (?:hl|mfc|dcp)|\bricoh\b|\bkyocera\b|\bepson\b"),
    (Role.CAMERA, 0.9, r"\bcamera\b|\bwebcam\b|hikvision|dahua|\baxis [mpq]\d{4}|\bonvif\b|\bip ?cam"),
    (Role.PHONE, 0.85, r"\bip ?phone\b|cisco cp-|polycom|\bsnom\b|yealink|\biphone\b|\bandroid\b"),
    (Role.SERVER, 0.6, r"windows (?:nt )?server|server 20\d\d|\bvmware esxi?\b|\bdomain controller\b|\bsql server\b"),
    (Role.SERVER, 0.6, r"\biis/|\bapache/|\bnginx"),
    (Role.WORKSTATION, 0.5, r"windows (?:xp|2002|5\.1|vista|7|8|8\.1|10|11|2000 prof\w*)\b|\bmac ?os\b|\bubuntu\b"),
    (Role.WORKSTATION, 0.5, r"\bworkstation\b|\bmicrosoft windows\b"),
)  # fmt: skip
"""(role, weight, pattern) over model, order number, hardware, OS, software and description, in lower case."""

SERVES: tuple[tuple[str, Role, float], ...] = (
    ("s7comm", Role.CONTROLLER, 0.75), ("s7comm_plus", Role.CONTROLLER, 0.75), ("modbus", Role.CONTROLLER, 0.5),
    ("enip", Role.CONTROLLER, 0.45), ("melsec", Role.CONTROLLER, 0.7), ("fins", Role.CONTROLLER, 0.7),
    ("ge_srtp", Role.CONTROLLER, 0.7), ("umas", Role.CONTROLLER, 0.8), ("codesys", Role.CONTROLLER, 0.7),
    ("ads", Role.CONTROLLER, 0.6), ("tristation", Role.SAFETY_CONTROLLER, 0.9), ("dnp3", Role.RTU, 0.65),
    ("iec104", Role.RTU, 0.65), ("mms", Role.RTU, 0.6), ("synchrophasor", Role.RTU, 0.4),
    ("bacnet", Role.BUILDING_CONTROLLER, 0.6), ("knx", Role.GATEWAY, 0.5), ("hart_ip", Role.GATEWAY, 0.5),
    ("pn_io", Role.IO, 0.6), ("opcua", Role.CONTROLLER, 0.3), ("opcua", Role.SERVER, 0.3),
    ("ipp", Role.PRINTER, 0.6), ("rtsp", Role.CAMERA, 0.5),
    ("dhcp", Role.SERVER, 0.4), ("dns", Role.SERVER, 0.45), ("ntp", Role.SERVER, 0.25), ("kerberos", Role.SERVER, 0.6),
    ("ldap", Role.SERVER, 0.55), ("tds", Role.SERVER, 0.55), ("mysql", Role.SERVER, 0.5), ("smtp", Role.SERVER, 0.5),
    ("postgresql", Role.SERVER, 0.5), ("http", Role.SERVER, 0.2), ("tls", Role.SERVER, 0.2),
    ("mqtt", Role.SERVER, 0.45),
    ("smb", Role.SERVER, 0.2), ("rdp", Role.WORKSTATION, 0.25), ("vnc", Role.WORKSTATION, 0.2),
    ("sip", Role.PHONE, 0.3),
)  # fmt: skip
"""What it answers: (protocol, role, weight)."""

USES: tuple[tuple[str, Role, float], ...] = (
    ("smb", Role.WORKSTATION, 0.3), ("dns", Role.WORKSTATION, 0.1), ("rdp", Role.WORKSTATION, 0.35),
    ("browser", Role.WORKSTATION, 0.25), ("kerberos", Role.WORKSTATION, 0.35), ("http", Role.WORKSTATION, 0.15),
    ("llmnr", Role.WORKSTATION, 0.3), ("nbns", Role.WORKSTATION, 0.25), ("tls", Role.WORKSTATION, 0.1),
    ("stp", Role.SWITCH, 0.75), ("rstp", Role.SWITCH, 0.75), ("pn_mrp", Role.SWITCH, 0.3), ("vtp", Role.SWITCH, 0.8),
    ("vrrp", Role.ROUTER, 0.75), ("hsrp", Role.ROUTER, 0.75), ("ospf", Role.ROUTER, 0.7), ("eigrp", Role.ROUTER, 0.75),
    ("rip", Role.ROUTER, 0.5), ("bgp", Role.ROUTER, 0.6), ("goose", Role.RTU, 0.6), ("sv", Role.SENSOR, 0.6),
    ("pn_io", Role.CONTROLLER, 0.4), ("ethercat", Role.CONTROLLER, 0.4),
)  # fmt: skip
"""What it sends or asks for: (protocol, role, weight)."""

VENDORS: tuple[tuple[str, Role, float], ...] = (
    # Makers of nothing but network devices, of which most are switches; Moxa makes serial gateways too.
    (r"hirschmann|westermo|ruggedcom|garrettcom", Role.SWITCH, 0.35),
    (r"moxa|phoenix contact.*switch", Role.SWITCH, 0.25),
    # Makers of the computers in panels.
    (r"congatec|kontron", Role.HMI, 0.3),
    # Makers, or parts of makers, of nothing but drives.
    (r"\bdrives?\b|danfoss|sew-?eurodrive|lenze|\bvacon\b|nord drivesystems", Role.DRIVE, 0.5),
    (r"siemens|rockwell|allen-?bradley|schneider|omron|beckhoff|wago|mitsubishi electric", Role.CONTROLLER, 0.2),
    (r"axis communications|hikvision|dahua", Role.CAMERA, 0.6),
    (r"cisco|juniper|hewlett packard enterprise|aruba|extreme networks", Role.SWITCH, 0.15),
    (r"fortinet|palo alto|sonicwall|mikrotik", Role.ROUTER, 0.35),
    (r"lexmark|kyocera|ricoh|brother", Role.PRINTER, 0.5),
    (r"schweitzer", Role.RTU, 0.4),
    (r"vmware|microsoft|dell|hewlett packard|intel corp|lenovo", Role.WORKSTATION, 0.15),
)  # fmt: skip
"""Whom the MAC belongs to, as a faint hint: (pattern, role, weight)."""

NAME_WORDS = HINTS | {
    "panel": Role.HMI, "panelpc": Role.HMI,
    "cpu": Role.CONTROLLER, "pc": Role.WORKSTATION, "laptop": Role.WORKSTATION, "srv": Role.SERVER,
    "eng": Role.ENGINEERING,
    "ews": Role.ENGINEERING, "es": Role.ENGINEERING, "os": Role.HMI, "sw": Role.SWITCH, "fw": Role.ROUTER,
    "hist": Role.HISTORIAN, "iot": Role.SENSOR, "vfd": Role.DRIVE, "cam": Role.CAMERA,
}  # fmt: skip
"""Words in the name that people gave it ('plc-3', 'HMI_PRESS'): a hint only, names outlive what they named."""

NAME_WEIGHT = 0.4

GENERIC = frozenset({Role.SERVER, Role.WORKSTATION})
"""Roles that a more specific one includes: a SCADA server is a server too."""

LEVELS: dict[Role, float] = {
    Role.SENSOR: 0, Role.DRIVE: 0, Role.IO: 0, Role.CONTROLLER: 1, Role.SAFETY_CONTROLLER: 1, Role.RTU: 1,
    Role.BUILDING_CONTROLLER: 1, Role.GATEWAY: 1, Role.HMI: 2, Role.SCADA: 2, Role.ENGINEERING: 2, Role.HISTORIAN: 3,
    Role.MES: 3, Role.PRINTER: 4, Role.PHONE: 4,
}  # fmt: skip
"""Purdue level by role (ISA-95 / IEC 62443-1-1); the others depend on whom they talk to."""

PERIPHERAL = frozenset({Role.PRINTER, Role.PHONE, Role.CAMERA})
"""Office things, unless devices of the plant use them."""

ZONE_LEVELS: tuple[tuple[str, float], ...] = (
    (r"\bi?dmz\b", 3.5), (r"\b(?:office|enterprise|corporate|business|company)\b", 4),
)  # fmt: skip
"""What the name that a person gave a zone says of the level of its computers: (pattern, level)."""
