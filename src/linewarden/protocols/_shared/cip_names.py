"""Names of EtherNet/IP's and CIP's numbers.

Sources: THE CIP NETWORKS LIBRARY volume 1 (services: appendix A; general status: appendix B; device profiles: chapter
6; objects: chapter 5) and volume 2 (encapsulation: chapter 2); Rockwell Automation 1756-PM020 "Logix 5000 Controllers
Data Access" (tag services), 1770-6.5.16 "DF1 Protocol and Command Set" (PCCC); vendor ids as ODVA assigns them.
What no manual names (controller-internal objects of Logix) is marked as seen on the wire.
"""

from __future__ import annotations

COMMANDS = {
    0x0000: "nop",
    0x0001: "list_targets",
    0x0004: "list_services",
    0x0063: "list_identity",
    0x0064: "list_interfaces",
    0x0065: "register_session",
    0x0066: "unregister_session",
    0x006F: "send_rr_data",
    0x0070: "send_unit_data",
    0x0072: "indicate_status",
    0x0073: "cancel",
}
"""Encapsulation commands (volume 2, table 2-3.2)."""

ENCAPSULATION = 0x1_0000
"""Base of encapsulation commands in the `fn` slot, and of encapsulation statuses in `status`."""

PCCC = 0x2_0000
"""Base of PCCC commands in the `fn` slot (PCCC | command << 8 | function), and of PCCC statuses in `status`."""

MANAGER, TAG, FILE, NVS, LOCK, PROGRAM = 0x100, 0x300, 0x400, 0x500, 0x600, 0x700
"""Offsets of object-specific services in the `fn` slot: connection manager, tags, file, non-volatile storage, lock,
Logix program."""

_SERVICES = {
    0x01: "get_attributes_all", 0x02: "set_attributes_all", 0x03: "get_attribute_list", 0x04: "set_attribute_list",
    0x05: "reset", 0x06: "start", 0x07: "stop", 0x08: "create", 0x09: "delete", 0x0A: "multiple_service_packet",
    0x0D: "apply_attributes", 0x0E: "get_attribute_single", 0x10: "set_attribute_single",
    0x11: "find_next_object_instance", 0x14: "error_response", 0x15: "restore", 0x16: "save", 0x17: "no_operation",
    0x18: "get_member", 0x19: "set_member", 0x1A: "insert_member", 0x1B: "remove_member", 0x1C: "group_sync",
    MANAGER + 0x4E: "forward_close", MANAGER + 0x52: "unconnected_send", MANAGER + 0x54: "forward_open",
    MANAGER + 0x56: "get_connection_data", MANAGER + 0x57: "search_connection_data",
    MANAGER + 0x5A: "get_connection_owner", MANAGER + 0x5B: "large_forward_open",
    TAG + 0x4C: "read_tag", TAG + 0x4D: "write_tag", TAG + 0x4E: "read_modify_write_tag",
    TAG + 0x52: "read_tag_fragmented", TAG + 0x53: "write_tag_fragmented", TAG + 0x55: "get_instance_attribute_list",
    FILE + 0x4B: "initiate_upload", FILE + 0x4C: "initiate_download", FILE + 0x4D: "initiate_partial_read",
    FILE + 0x4E: "initiate_partial_write", FILE + 0x4F: "upload_transfer", FILE + 0x50: "download_transfer",
    FILE + 0x51: "clear_file",
    NVS + 0x4B: "firmware_update", NVS + 0x4D: "firmware_transfer", NVS + 0x51: "firmware_check",
    LOCK + 0x4B: "acquire_lock", LOCK + 0x4C: "release_lock",
    PROGRAM + 0x50: "program_transfer",
}

_PCCC_NAMES = {
    0x0000: "pccc_protected_write", 0x0100: "pccc_unprotected_read", 0x0200: "pccc_protected_bit_write",
    0x0500: "pccc_unprotected_bit_write", 0x0600: "pccc_echo", 0x0603: "pccc_diagnostic_status",
    0x0700: "pccc_disable_forces", 0x0800: "pccc_unprotected_write",
    0x0F00: "pccc_word_range_write", 0x0F01: "pccc_word_range_read", 0x0F02: "pccc_bit_write",
    0x0F11: "pccc_get_edit_resource", 0x0F12: "pccc_return_edit_resource", 0x0F17: "pccc_read_bytes_physical",
    0x0F18: "pccc_write_bytes_physical", 0x0F26: "pccc_read_modify_write", 0x0F29: "pccc_read_section_size",
    0x0F3A: "pccc_set_cpu_mode", 0x0F41: "pccc_disable_forces", 0x0F50: "pccc_download_all_request",
    0x0F52: "pccc_download_completed", 0x0F53: "pccc_upload_all_request", 0x0F55: "pccc_upload_completed",
    0x0F57: "pccc_initialize_memory", 0x0F67: "pccc_typed_write", 0x0F68: "pccc_typed_read",
    0x0F80: "pccc_change_mode", 0x0F81: "pccc_open_file", 0x0F82: "pccc_close_file",
    0x0F88: "pccc_execute_multiple", 0x0F8F: "pccc_apply_port_configuration",
    0x0FA1: "pccc_logical_read_2", 0x0FA2: "pccc_logical_read_3", 0x0FA7: "pccc_protected_file_read",
    0x0FA9: "pccc_logical_write_2", 0x0FAA: "pccc_logical_write_3", 0x0FAB: "pccc_masked_write_3",
    0x0FAF: "pccc_protected_file_write",
}
"""PCCC commands by command << 8 | function (1770-6.5.16, chapter 7)."""

FUNCTIONS: dict[int, str] = {
    **{code: f"service_0x{code:02x}" for code in range(128)},
    **{PCCC + (command << 8 | function): f"pccc_0x{command:02x}_0x{function:02x}"
       for command in (0x06, 0x07, 0x0F) for function in range(256)},
    **_SERVICES,
    **{ENCAPSULATION + code: name for code, name in COMMANDS.items()},
    **{PCCC + code: name for code, name in _PCCC_NAMES.items()},
}
"""Names of the `fn` slot."""

CLASSES = {
    0x01: "identity", 0x02: "message_router", 0x03: "devicenet", 0x04: "assembly", 0x05: "connection",
    0x06: "connection_manager", 0x07: "register", 0x08: "discrete_input", 0x09: "discrete_output",
    0x0A: "analog_input", 0x0B: "analog_output", 0x0F: "parameter", 0x10: "parameter_group", 0x1D: "input_group",
    0x1E: "output_group", 0x28: "motor_data", 0x29: "control_supervisor", 0x2A: "ac_dc_drive",
    0x2B: "acknowledge_handler", 0x2C: "overload", 0x37: "file", 0x38: "s_partner", 0x39: "safety_supervisor",
    0x3A: "safety_validator",
    0x42: "motion_axis", 0x43: "time_sync", 0x44: "modbus", 0x45: "originator_connection_list",
    0x47: "device_level_ring", 0x48: "quality_of_service", 0x4E: "base_energy", 0x5D: "cip_security",
    0x5E: "ethernetip_security",
    0x5F: "certificate_management", 0x67: "pccc", 0x68: "program", 0x6A: "routine", 0x6B: "symbol", 0x6C: "template",
    0x70: "task", 0x74: "lock", 0x8B: "wall_clock_time", 0x8E: "controller", 0xA1: "non_volatile_storage",
    0xAC: "controller_changes", 0xB2: "program_name", 0xF0: "controlnet", 0xF3: "connection_configuration",
    0xF4: "port", 0xF5: "tcp_ip_interface", 0xF6: "ethernet_link",
}
"""Object classes; 0x68 to 0x74, 0x8E, 0xA1 and 0xAC are Rockwell's, named after what they were seen to hold."""

STATUSES: dict[int, str] = {
    0x01: "connection_failure", 0x02: "resource_unavailable", 0x03: "invalid_parameter_value",
    0x04: "path_segment_error", 0x05: "path_destination_unknown", 0x06: "partial_transfer", 0x07: "connection_lost",
    0x08: "service_not_supported", 0x09: "invalid_attribute_value", 0x0A: "attribute_list_error",
    0x0B: "already_in_requested_state", 0x0C: "object_state_conflict", 0x0D: "object_already_exists",
    0x0E: "attribute_not_settable", 0x0F: "privilege_violation", 0x10: "device_state_conflict",
    0x11: "reply_data_too_large", 0x12: "fragmentation_of_primitive", 0x13: "not_enough_data",
    0x14: "attribute_not_supported", 0x15: "too_much_data", 0x16: "object_does_not_exist",
    0x17: "fragmentation_not_in_progress", 0x18: "no_stored_attribute_data", 0x19: "store_operation_failure",
    0x1A: "request_packet_too_large", 0x1B: "response_packet_too_large", 0x1C: "missing_attribute_list_entry",
    0x1D: "invalid_attribute_value_list", 0x1E: "embedded_service_error", 0x1F: "vendor_specific_error",
    0x20: "invalid_parameter", 0x21: "write_once_already_written", 0x22: "invalid_reply_received",
    0x23: "buffer_overflow", 0x24: "message_format_error", 0x25: "key_failure_in_path", 0x26: "path_size_invalid",
    0x27: "unexpected_attribute_in_list", 0x28: "invalid_member_id", 0x29: "member_not_settable",
    0x2A: "group_2_only_server_failure", 0x2B: "unknown_modbus_error", 0xFF: "general_error",
    ENCAPSULATION + 0x01: "unsupported_command", ENCAPSULATION + 0x02: "insufficient_memory",
    ENCAPSULATION + 0x03: "incorrect_data", ENCAPSULATION + 0x64: "invalid_session",
    ENCAPSULATION + 0x65: "invalid_length", ENCAPSULATION + 0x69: "unsupported_protocol_revision",
    PCCC + 0x10: "pccc_illegal_command", PCCC + 0x20: "pccc_host_problem", PCCC + 0x30: "pccc_remote_node_missing",
    PCCC + 0x40: "pccc_hardware_fault", PCCC + 0x50: "pccc_addressing_problem", PCCC + 0x60: "pccc_protection",
    PCCC + 0x70: "pccc_processor_in_program_mode", PCCC + 0x80: "pccc_compatibility_problem",
    PCCC + 0xF0: "pccc_extended_status",
}
"""General statuses, encapsulation statuses, PCCC statuses."""

TYPES = {
    0xC1: "bool", 0xC2: "sint", 0xC3: "int", 0xC4: "dint", 0xC5: "lint", 0xC6: "usint", 0xC7: "uint", 0xC8: "udint",
    0xC9: "ulint", 0xCA: "real", 0xCB: "lreal", 0xD0: "string", 0xD1: "byte", 0xD2: "word", 0xD3: "dword",
    0xD4: "lword", 0xDA: "short_string", 0x02A0: "structure",
}
"""Elementary data types (volume 1, appendix C-6.1)."""

DEVICE_TYPES = {
    0x00: "generic device", 0x02: "AC drive", 0x03: "motor overload", 0x04: "limit switch", 0x05: "proximity switch",
    0x06: "photoelectric sensor", 0x07: "general purpose discrete I/O", 0x09: "resolver",
    0x0C: "communications adapter", 0x0E: "programmable logic controller", 0x10: "position controller",
    0x13: "DC drive", 0x15: "contactor",
    0x16: "motor starter", 0x18: "human-machine interface", 0x1A: "mass flow controller", 0x1B: "pneumatic valve",
    0x1C: "vacuum gauge", 0x1D: "process control value", 0x22: "encoder", 0x23: "safety discrete I/O device",
    0x25: "CIP motion drive", 0x2B: "generic device (keyable)", 0x2C: "managed Ethernet switch",
    0x2D: "CIP motion safety drive", 0x2F: "CIP motion encoder",
}
"""Device profiles by number."""

ROLES = {0x02: "drive", 0x07: "io", 0x0C: "gateway", 0x0E: "controller", 0x13: "drive", 0x18: "hmi", 0x23: "io",
         0x25: "drive", 0x2C: "switch", 0x2D: "drive"}
"""Role hints by device profile."""

VENDORS = {
    1: "Rockwell Automation/Allen-Bradley", 3: "Honeywell", 4: "Parker Hannifin", 5: "Rockwell Automation/Reliance",
    7: "SMC", 8: "Molex", 12: "Banner Engineering", 13: "Belden", 26: "Festo", 40: "WAGO", 43: "Balluff",
    44: "Yaskawa Electric America", 46: "ABB", 47: "Omron", 48: "Turck", 50: "Real Time Automation",
    57: "Pepperl+Fuchs", 58: "Spectrum Controls", 68: "Eaton", 75: "ABB Robotics", 77: "Rockwell Software",
    82: "Mitsubishi Electric Automation", 83: "Opto 22", 90: "HMS Industrial Networks", 94: "Advantech", 97: "Danfoss",
    108: "Beckhoff", 109: "National Instruments", 161: "Mitsubishi Electric", 176: "Red Lion Controls", 181: "Pilz",
    243: "Schneider Electric", 255: "Bosch Rexroth", 256: "Turck", 283: "Hilscher", 309: "ProSoft Technology",
    315: "SEW-Eurodrive", 322: "ifm electronic", 345: "Endress+Hauser", 356: "FANUC Robotics America", 367: "Keyence",
}
"""Well-known vendor ids; others are told by number. None differs from Wireshark's (4.0, `tshark -G values`)."""
