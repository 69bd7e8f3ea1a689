"""Configuration of the Debian servers that take part: dnsmasq, chronyd, snmpd, smbd, lldpd and udhcpc.

Each function writes what its server needs under `folder` and gives the command line. None of them touches the
machine's own configuration, and chronyd runs with -x, so that it never sets the clock.
"""

from __future__ import annotations

from pathlib import Path

from plant import HMI_ADDRESS, device

DOMAIN = "plant.example"


def dns_dhcp(folder: Path) -> list[str]:
    """DNS for the plant, DHCP (RFC 2131) for the cell by way of the firewall's relay."""
    server = device("dc-plant").address
    lines = [
        "no-resolv",
        "no-hosts",
        "keep-in-foreground",
        "user=root",
        f"domain={DOMAIN}",
        f"local=/{DOMAIN}/",
        "local=/vendor.example/",
        "no-ping",
        f"listen-address={server}",
        "bind-interfaces",
        f"pid-file={folder}/dnsmasq.pid",
        f"dhcp-leasefile={folder}/leases",
        "dhcp-authoritative",
        "dhcp-range=10.20.1.100,10.20.1.120,255.255.255.0,1h",
        f"dhcp-host={device('hmi-line1').mac},{HMI_ADDRESS}",
        "dhcp-option=option:router,10.20.1.1",
        f"dhcp-option=option:dns-server,{server}",
        f"dhcp-option=option:ntp-server,{server}",
        "host-record=telemetry.vendor.example,203.0.113.10",
    ]
    for name in ("scada", "historian", "dc-plant", "eng-station", "plc-filler", "plc-capper", "plc-labeller"):
        lines.append(f"host-record={name}.{DOMAIN},{device(name).address}")
    return ["dnsmasq", "-C", _write(folder / "dnsmasq.conf", lines)]


def dhcp_relay(folder: Path) -> list[str]:
    """The firewall's DHCP relay from the cell to the server."""
    lines = [
        "port=0",
        "keep-in-foreground",
        "user=root",
        f"pid-file={folder}/relay.pid",
        f"dhcp-relay=10.20.1.1,{device('dc-plant').address}",
    ]
    return ["dnsmasq", "-C", _write(folder / "relay.conf", lines)]


def dhcp_client(folder: Path) -> list[str]:
    """The panel asks for its address, with its host name and vendor class."""
    script = folder / "udhcpc.sh"
    _write(
        script,
        [
            "#!/bin/sh",
            '[ "$1" = bound ] || exit 0',
            'ip address add "$ip/24" brd + dev "$interface"',
            'ip route add default via "$router"',
        ],
    )
    script.chmod(0o755)
    return [
        "udhcpc",
        "-i",
        "eth0",
        "-f",
        "-q",
        "-n",
        "-t",
        "6",
        "-T",
        "2",
        "-s",
        str(script),
        "-x",
        "hostname:HMI-LINE1",
        "-V",
        "MSFT 5.0",
    ]


def ntp_server(folder: Path) -> list[str]:
    """The plant's clock (RFC 5905)."""
    lines = [
        "local stratum 3",
        "allow all",
        "port 123",
        "cmdport 0",
        "bindcmdaddress /",
        f"pidfile {folder}/chronyd.pid",
    ]
    return ["chronyd", "-d", "-x", "-u", "root", "-f", _write(folder / "chronyd.conf", lines)]


def ntp_client(folder: Path, name: str) -> list[str]:
    """A device that asks the plant's clock."""
    lines = [
        f"server {device('dc-plant').address} iburst minpoll 4 maxpoll 4",
        "cmdport 0",
        "bindcmdaddress /",
        f"pidfile {folder}/chronyd-{name}.pid",
    ]
    return ["chronyd", "-d", "-x", "-u", "root", "-f", _write(folder / f"chronyd-{name}.conf", lines)]


def snmp_agent(folder: Path) -> list[str]:
    """The cell switch's SNMP agent, community "public" (RFC 1901, RFC 3418)."""
    lines = [
        "agentaddress udp:161",
        "rocommunity public",
        "sysDescr Hirschmann BOBCAT BRS20-0800M2M2 HiOS-2S-09.1.00",
        "sysName sw-cell",
        "sysLocation Hall 1, filling line 1",
        "sysContact maintenance@plant.example",
        "sysObjectID .1.3.6.1.4.1.248.11.2.1.1",
        "sysServices 2",
    ]
    return [
        "snmpd",
        "-f",
        "-Lo",
        "-C",
        "-c",
        _write(folder / "snmpd.conf", lines),
        "-p",
        f"{folder}/snmpd.pid",
    ]


def file_server(folder: Path) -> list[str]:
    """The plant's file server (MS-SMB2); unknown users become guests."""
    share = folder / "recipes"
    share.mkdir(mode=0o777)
    share.chmod(0o777)
    _write(share / "lemonade.csv", ["order,ml,torque", "PO-4711,500,1.8"] + [f"{n},500,1.8" for n in range(60)])
    state = folder / "samba"
    state.mkdir()
    lines = [
        "[global]",
        "workgroup = PLANT",
        "netbios name = DC-PLANT",
        "server string = Plant file server",
        "map to guest = Bad User",
        "server role = standalone server",
        "disable netbios = yes",
        "smb ports = 445",
        "load printers = no",
        "printcap name = /dev/null",
        "logging = file",
        f"log file = {folder}/smbd.log",
        "rpc start on demand helpers = no",
    ]
    for option in (
        "state directory",
        "cache directory",
        "lock directory",
        "private dir",
        "pid directory",
        "ncalrpc dir",
        "usershare path",
    ):
        lines.append(f"{option} = {state}" if option != "ncalrpc dir" else f"{option} = {state}/ncalrpc")
    lines += ["[recipes]", f"path = {share}", "guest ok = yes", "read only = no", "force user = root"]
    return ["smbd", "-F", "--no-process-group", "-s", _write(folder / "smb.conf", lines)]


def file_client(folder: Path) -> list[str]:
    """An office PC lists the share and fetches a recipe, three times."""
    config = _write(
        folder / "smbclient.conf",
        [
            "[global]",
            "workgroup = OFFICE",
            "netbios name = PC-OFFICE",
            f"private dir = {folder}",
            f"lock directory = {folder}",
        ],
    )
    once = (
        f"smbclient //{device('dc-plant').address}/recipes -s {config} -n PC-OFFICE -W OFFICE "
        f"-U operator%Bottle2026 -c 'ls; get lemonade.csv /dev/null'"
    )
    return ["sh", "-c", f"for n in 1 2 3; do {once}; sleep 15; done"]


def neighbours(folder: Path, name: str, description: str, capability: str) -> list[str]:
    """A device that announces itself with LLDP (IEEE 802.1AB); `capability`: bridge, station..."""
    config = _write(
        folder / f"lldpd-{name}.conf",
        [
            f"configure system hostname {name}",
            f'configure system description "{description}"',
            f"configure system capabilities enabled {capability}",
            "configure lldp tx-interval 10",
        ],
    )
    return [
        "lldpd",
        "-d",
        "-I",
        "eth0",
        "-C",
        "eth0",
        "-u",
        f"{folder}/lldpd-{name}.sock",
        "-O",
        config,
        "-m",
        device(name).address,
    ]


def snmp_poll(folder: Path, seconds: int) -> list[str]:
    """The SCADA server reads the switch's name, description and interfaces."""
    switch = device("sw-cell").address
    once = (
        f"snmpget -v2c -c public -On {switch} 1.3.6.1.2.1.1.1.0 1.3.6.1.2.1.1.5.0 1.3.6.1.2.1.1.3.0; "
        f"snmpwalk -v2c -c public -On {switch} 1.3.6.1.2.1.2.2.1.2"
    )
    return ["sh", "-c", f"for n in $(seq {max(1, seconds // 10)}); do {once}; sleep 10; done"]


def _write(path: Path, lines: list[str]) -> str:
    path.write_text("\n".join(lines) + "\n")
    return str(path)
