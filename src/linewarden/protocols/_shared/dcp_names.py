"""Numbers of PROFINET DCP and of PROFINET real-time frames, by name.

Source: IEC 61158-6-10 (clause 4.3, DCP; 4.7, frame ids; 4.8, alarms). Vendor ids are given out by PI; those here were
gathered from the names of published GSDML files (facts; collected by OpenCommissioning/OC_ProfinetDeviceIds).
"""

from __future__ import annotations

SERVICES = {3: "get", 4: "set", 5: "identify", 6: "hello"}

SERVICE_TYPES = {0: "request", 1: "success", 5: "not_supported"}

BLOCKS = {
    0x0101: "mac_address",
    0x0102: "ip_parameter",
    0x0103: "ip_suite",
    0x0201: "vendor",
    0x0202: "name_of_station",
    0x0203: "device_id",
    0x0204: "device_role",
    0x0205: "device_options",
    0x0206: "alias_name",
    0x0207: "device_instance",
    0x0208: "oem_device_id",
    0x0209: "standard_gateway",
    0x020A: "rsi_properties",
    0x030C: "dhcp_host_name",
    0x032B: "dhcp_vendor_specific",
    0x0336: "dhcp_server",
    0x0337: "dhcp_parameter_request",
    0x033C: "dhcp_class",
    0x033D: "dhcp_client",
    0x0351: "dhcp_fqdn",
    0x0361: "dhcp_uuid",
    0x03FF: "dhcp_control",
    0x0501: "start_transaction",
    0x0502: "end_transaction",
    0x0503: "signal",
    0x0504: "response",
    0x0505: "factory_reset",
    0x0506: "reset_to_factory",
    0x0601: "device_initiative",
    0xFFFF: "all",
}
"""Option * 256 + suboption."""

ERRORS = {
    1: "option_not_supported",
    2: "suboption_not_supported",
    3: "suboption_not_set",
    4: "resource_error",
    5: "set_not_possible",
    6: "in_operation",
}
"""Block error of a Set (4.3.1.4.9)."""

VENDORS = {
    0x001A: "ABB",
    0x002A: "Siemens",
    0x005D: "Pepperl+Fuchs",
    0x0080: "Danfoss",
    0x0083: "SMC",
    0x00B0: "Phoenix Contact",
    0x0101: "SICK",
    0x0105: "Kollmorgen",
    0x0106: "Lenze",
    0x010A: "SEW-EURODRIVE",
    0x010C: "HMS",
    0x011D: "WAGO",
    0x011E: "Hilscher",
    0x011F: "Bosch Rexroth",
    0x0120: "Beckhoff",
    0x012F: "Murrelektronik",
    0x0134: "Weidmueller",
    0x0135: "Euchner",
    0x0136: "ifm",
    0x0137: "Cognex",
    0x013D: "Turck",
    0x014D: "Festo",
    0x0152: "Leuze",
    0x0153: "TR-Electronic",
    0x015A: "GE Fanuc",
    0x015D: "esd",
    0x0173: "KEBA",
    0x0193: "HARTING",
    0x019B: "KUKA",
    0x019C: "Datalogic",
    0x01A5: "Norgren",
    0x01B0: "Fronius",
    0x01B7: "FANUC",
    0x01C0: "VITRONIC",
    0x01FD: "Keyence",
    0x0201: "MTS",
    0x023F: "Kistler",
    0x0293: "Janitza",
    0x0361: "Universal Robots",
    0x0377: "B&R",
    0x0378: "Balluff",
    0x0379: "AMK",
    0x03B0: "ABB Robotics",
    0x092F: "Pilz",
}

SIEMENS_ROLES = {0x01: "controller", 0x03: "io", 0x04: "hmi", 0x05: "drive", 0x0A: "switch"}
"""What the upper byte of a Siemens device id stands for, in their GSDML files."""

ALARMS = {
    0x0001: "diagnosis",
    0x0002: "process",
    0x0003: "pull",
    0x0004: "plug",
    0x0005: "status",
    0x0006: "update",
    0x0007: "media_redundancy",
    0x0008: "controlled_by_supervisor",
    0x0009: "released",
    0x000A: "plug_wrong_submodule",
    0x000B: "return_of_submodule",
    0x000C: "diagnosis_disappears",
    0x000D: "multicast_communication_mismatch",
    0x000E: "port_data_change",
    0x000F: "sync_data_changed",
    0x0010: "isochronous_mode_problem",
    0x0011: "network_component_problem",
    0x0012: "time_data_changed",
    0x001E: "upload_and_retrieval",
    0x001F: "pull_module",
}
"""Alarm types (4.8, AlarmNotification)."""
