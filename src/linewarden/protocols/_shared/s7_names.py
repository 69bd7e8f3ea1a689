"""Names of S7comm's numbers.

Siemens publishes no specification of S7comm. The numbers are facts gathered from the open dissectors and stacks
(Wireshark's packet-s7comm, Snap7, libnodave), the SZL lists from Siemens' "System Software for S7-300/400 System and
Standard Functions" (A5E00739858), chapter "System Status Lists". The words are ours.
"""

from __future__ import annotations

from linewarden.protocols._shared.cotp import FUNCTION_NAMES

JOBS = {
    0x00: "cpu_services",
    0x04: "read_var",
    0x05: "write_var",
    0x1A: "request_download",
    0x1B: "download_block",
    0x1C: "download_ended",
    0x1D: "start_upload",
    0x1E: "upload",
    0x1F: "end_upload",
    0x28: "pi_service",
    0x29: "plc_stop",
    0xF0: "setup_communication",
}
"""Function codes of jobs (ROSCTR 1) and their answers (2, 3)."""

GROUPS = {
    0: "mode_transition",
    1: "programmer",
    2: "cyclic_data",
    3: "block_functions",
    4: "cpu_functions",
    5: "security",
    6: "pbc_bsend",
    7: "time",
    15: "nc_programming",
}
"""Userdata (ROSCTR 7) function groups."""

USERDATA = 0x2_0000
"""Base of userdata functions in the `fn` slot: USERDATA | group << 8 | subfunction."""

_SUBFUNCTIONS = {
    0: {0: "stop", 1: "warm_restart", 2: "run", 3: "hot_restart", 4: "hold", 6: "cold_restart", 9: "run_redundant",
        11: "link_up", 12: "update"},
    1: {1: "block_status", 2: "variable_status", 3: "output_istack", 4: "output_bstack", 5: "output_lstack",
        6: "time_measurement", 7: "force_selection", 8: "modify_variable", 9: "force", 10: "breakpoint",
        11: "exit_hold", 12: "memory_reset", 13: "disable_job", 14: "enable_job", 15: "delete_job",
        16: "read_job_list", 17: "read_job", 18: "replace_job", 19: "block_status_v2", 22: "flash_led"},
    2: {1: "subscribe_memory", 4: "unsubscribe", 5: "change_driven", 7: "change_driven_modify", 8: "subscribe_rdrec"},
    3: {1: "list_blocks", 2: "list_blocks_of_type", 3: "get_block_info"},
    4: {1: "read_szl", 2: "message_service", 3: "diagnostic_message", 5: "alarm_8_indication", 6: "notify_indication",
        7: "alarm_8_lock", 8: "alarm_8_unlock", 9: "scan_indication", 11: "alarm_ack", 12: "alarm_ack_indication",
        13: "alarm_8_lock_indication", 14: "alarm_8_unlock_indication", 17: "alarm_sq_indication",
        18: "alarm_s_indication", 19: "alarm_query", 22: "notify_8_indication"},
    5: {1: "set_password", 2: "clear_password"},
    7: {1: "read_clock", 2: "set_clock", 3: "read_clock_following", 4: "set_clock"},
    15: {1: "nc_request_download", 2: "nc_download_block", 3: "nc_continue_download", 4: "nc_download_ended",
         6: "nc_start_upload", 7: "nc_upload", 8: "nc_continue_upload"},
}

PI_SERVICES = {
    0x505F5052: "pi_program",  # P_PROGRAM: start the CPU
    0x5F494E53: "pi_insert_block",  # _INSE, _INS2: make a downloaded block part of the running program
    0x5F44454C: "pi_delete_block",  # _DELE
    0x5F474152: "pi_compress_memory",  # _GARB
    0x5F4D4F44: "pi_copy_ram_to_rom",  # _MODU
}
"""PI services by the first four bytes of their name."""

PI = 0x1_0000_0000
"""Base of PI services in the `fn` slot."""

FUNCTIONS: dict[int, str] = {
    **JOBS,
    **FUNCTION_NAMES,
    **{PI + code: name for code, name in PI_SERVICES.items()},
    **{USERDATA | group << 8 | sub: f"{group_name}_{sub}" for group, group_name in GROUPS.items() for sub in range(64)},
    **{USERDATA | group << 8 | sub: (f"mode_{name}" if group == 0 else name)
       for group, subs in _SUBFUNCTIONS.items() for sub, name in subs.items()},
}
"""Names of the `fn` slot: jobs, PI services, userdata functions, COTP."""

AREAS = {
    0x03: "system_info", 0x05: "system_flags", 0x06: "analog_input", 0x07: "analog_output", 0x1C: "c", 0x1D: "t",
    0x1E: "iec_c", 0x1F: "iec_t", 0x80: "p", 0x81: "i", 0x82: "q", 0x83: "m", 0x84: "db", 0x85: "di", 0x86: "l",
    0x87: "v",
}
"""Memory areas of S7ANY pointers, by the letters that engineers use."""

TYPES = {
    0x01: "bit", 0x02: "byte", 0x03: "char", 0x04: "word", 0x05: "int", 0x06: "dword", 0x07: "dint", 0x08: "real",
    0x09: "date", 0x0A: "tod", 0x0B: "time", 0x0C: "s5time", 0x0F: "date_and_time", 0x1C: "counter", 0x1D: "timer",
    0x1E: "iec_timer", 0x1F: "iec_counter", 0x20: "hs_counter",
}
"""Transport sizes of S7ANY pointers."""

STATUSES = {
    0x01: "hardware_fault",
    0x03: "access_denied",
    0x05: "address_out_of_range",
    0x06: "data_type_not_supported",
    0x07: "data_type_inconsistent",
    0x0A: "object_does_not_exist",
    0x8104: "function_not_supported",
    0x8500: "wrong_pdu_size",
    0x8702: "address_out_of_range",
    0xD201: "block_name_syntax_error",
    0xD202: "function_parameter_error",
    0xD205: "block_exists",
    0xD206: "block_list_full",
    0xD209: "block_not_found",
    0xD20C: "wrong_block_number",
    0xD20E: "block_exists_already",
    0xD210: "block_too_large",
    0xD218: "password_needed",
    0xD240: "coordination_rules_violated",
    0xD241: "operation_not_permitted_at_this_protection_level",
    0xD242: "protection_violation",
    0xD401: "szl_not_available",
    0xD402: "szl_index_not_available",
    0xD602: "wrong_password",
    0xD604: "no_password_set",
    0xD605: "logged_on_already",
    0xDC01: "invalid_value",
}
"""Item return codes (one byte) and error codes (error class << 8 | error code, or a userdata parameter error)."""

BLOCK_TYPES = {0x08: "OB", 0x0A: "DB", 0x0B: "SDB", 0x0C: "FC", 0x0D: "SFC", 0x0E: "FB", 0x0F: "SFB"}
"""Sub-block types in a block's header, and (as two hex digits) in block file names."""
