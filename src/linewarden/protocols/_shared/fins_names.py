"""Numbers and names of FINS.

Source: Omron W342 (Communications Commands Reference Manual for CS/CJ/CP) for commands, end codes and areas of CS, CJ
and CP controllers; W227 (FINS Commands Reference Manual) for those of C and CV; W421 (Ethernet Units) for FINS/TCP.
"""

from __future__ import annotations

TCP = 0x1_0000
"""Added to a command of the FINS/TCP header, to name it apart from those of FINS."""

COMMANDS = {
    0x0101: "memory_area_read", 0x0102: "memory_area_write", 0x0103: "memory_area_fill",
    0x0104: "multiple_memory_area_read", 0x0105: "memory_area_transfer",
    0x0201: "parameter_area_read", 0x0202: "parameter_area_write", 0x0203: "parameter_area_clear",
    0x0220: "data_link_table_read", 0x0221: "data_link_table_write",
    0x0304: "program_area_protect", 0x0305: "program_area_protect_clear", 0x0306: "program_area_read",
    0x0307: "program_area_write", 0x0308: "program_area_clear",
    0x0401: "run", 0x0402: "stop", 0x0403: "reset",
    0x0501: "controller_data_read", 0x0502: "connection_data_read",
    0x0601: "controller_status_read", 0x0602: "network_status_read", 0x0603: "data_link_status_read",
    0x0620: "cycle_time_read", 0x0701: "clock_read", 0x0702: "clock_write",
    0x0801: "loop_back_test", 0x0802: "broadcast_test_results_read", 0x0803: "broadcast_test_data_send",
    0x0920: "message_read_clear", 0x0C01: "access_right_acquire", 0x0C02: "access_right_forced_acquire",
    0x0C03: "access_right_release",
    0x2101: "error_clear", 0x2102: "error_log_read", 0x2103: "error_log_clear", 0x2140: "write_access_log_read",
    0x2141: "write_access_log_clear",
    0x2201: "file_name_read", 0x2202: "single_file_read", 0x2203: "single_file_write", 0x2204: "file_memory_format",
    0x2205: "file_delete", 0x2206: "volume_label_create_delete", 0x2207: "file_copy", 0x2208: "file_name_change",
    0x2209: "file_data_check", 0x220A: "memory_area_file_transfer", 0x220B: "parameter_area_file_transfer",
    0x220C: "program_area_file_transfer", 0x220F: "file_memory_index_read", 0x2210: "file_memory_read",
    0x2211: "file_memory_write", 0x2215: "directory_create_delete", 0x2220: "memory_cassette_transfer",
    0x2301: "forced_set_reset", 0x2302: "forced_set_reset_cancel", 0x230A: "multiple_forced_status_read",
    0x2601: "name_set", 0x2602: "name_delete", 0x2603: "name_read",
}  # fmt: skip

TCP_COMMANDS = {
    0: "node_address_request", 1: "node_address_answer", 2: "frame_send", 3: "frame_send_error",
    6: "connection_confirmation",
}  # fmt: skip
FUNCTIONS = {
    **COMMANDS, TCP: "node_address_data_send", TCP + 3: "frame_send_error", TCP + 6: "connection_confirmation",
}  # fmt: skip

TCP_ERRORS = {
    0x01: "no_fins_header", 0x02: "data_too_long", 0x03: "command_not_supported", 0x20: "all_connections_in_use",
    0x21: "node_is_connected_already", 0x22: "protected_node", 0x23: "client_node_out_of_range",
    0x24: "same_node_address", 0x25: "no_node_address_free",
}  # fmt: skip

_RELAYED = {
    0x0001: "service_canceled",
    0x0101: "local_node_not_in_network", 0x0102: "token_timeout", 0x0103: "retries_failed",
    0x0104: "too_many_send_frames", 0x0105: "node_address_range", 0x0106: "node_address_duplicated",
    0x0201: "destination_node_not_in_network", 0x0202: "unit_missing", 0x0203: "third_node_missing",
    0x0204: "destination_node_busy", 0x0205: "response_timeout",
    0x0301: "communications_controller_error", 0x0302: "cpu_unit_error", 0x0303: "controller_error",
    0x0304: "unit_number_error", 0x0401: "undefined_command", 0x0402: "not_supported_by_model_or_version",
    0x0501: "destination_address_not_in_routing_tables", 0x0502: "no_routing_tables", 0x0503: "routing_table_error",
    0x0504: "too_many_relays",
}  # fmt: skip
END_CODES = {
    **_RELAYED,
    0x1001: "command_too_long", 0x1002: "command_too_short", 0x1003: "elements_do_not_match_data",
    0x1004: "command_format_error", 0x1005: "header_error",
    0x1101: "area_classification_missing", 0x1102: "access_size_error", 0x1103: "address_range_error",
    0x1104: "address_range_exceeded", 0x1106: "program_missing", 0x1109: "relational_error",
    0x110A: "duplicate_data_access", 0x110B: "response_too_long", 0x110C: "parameter_error",
    0x2002: "read_protected", 0x2003: "table_missing", 0x2004: "data_missing", 0x2005: "read_program_missing",
    0x2006: "read_file_missing", 0x2007: "data_mismatch",
    0x2101: "read_only", 0x2102: "write_protected", 0x2103: "cannot_register", 0x2105: "write_program_missing",
    0x2106: "write_file_missing", 0x2107: "file_name_exists", 0x2108: "cannot_change",
    0x2201: "not_possible_during_execution", 0x2202: "not_possible_while_running", 0x2203: "in_program_mode",
    0x2204: "in_debug_mode", 0x2205: "in_monitor_mode", 0x2206: "in_run_mode", 0x2207: "not_the_polling_node",
    0x2208: "step_cannot_be_executed",
    0x2301: "file_device_missing", 0x2302: "memory_missing", 0x2303: "clock_missing", 0x2401: "table_error",
    0x2502: "memory_error", 0x2503: "io_setting_error", 0x2504: "too_many_io_points", 0x2505: "cpu_bus_error",
    0x2506: "io_duplication", 0x2507: "io_bus_error", 0x2509: "sysmac_bus2_error", 0x250A: "cpu_bus_unit_error",
    0x250D: "sysmac_bus_number_duplicated", 0x250F: "memory_status_error", 0x2510: "terminator_missing",
    0x2601: "no_protection", 0x2602: "incorrect_password", 0x2604: "protected", 0x2605: "service_executing",
    0x2606: "service_stopped", 0x2607: "no_execution_right", 0x2608: "settings_required",
    0x2609: "required_items_not_set", 0x260A: "number_already_defined", 0x260B: "error_not_cleared",
    0x3001: "no_access_right", 0x4001: "service_aborted",
}  # fmt: skip

PLACES = {
    0x00: "cio", 0x02: "dm", 0x0A: "em", 0x30: "cio", 0x31: "work", 0x32: "holding", 0x33: "auxiliary", 0x40: "cio",
    0x70: "cio", 0x71: "work", 0x72: "holding", 0x73: "auxiliary",
    **{0x20 + bank: f"em{bank:x}" for bank in range(16)}, **{0xE0 + bank: f"em{bank + 16:x}" for bank in range(9)},
}  # fmt: skip
"""Areas whose bits are read and written, a byte each (from 0x40 and 0x70 on with the forced status)."""

FLAGS = {
    0x01: "timer_counter.flag", 0x03: "transition.flag", 0x04: "step.flag", 0x05: "forced_status.bit",
    0x06: "task.flag", 0x07: "condition.flag", 0x09: "timer_counter.flag", 0x1B: "action.flag",
    0x41: "timer_counter.flag", 0x43: "transition.flag", 0x44: "step.status", 0x46: "task.status",
    0x49: "timer_counter.flag",
}  # fmt: skip
"""Areas of which each address is a flag: a byte each."""

WORDS = {
    0x80: "cio", 0x81: "timer_counter", 0x82: "dm", 0x84: "step_timer", 0x85: "forced_status", 0x89: "timer_counter",
    0x98: "em", 0x9C: "register", 0xB0: "cio", 0xB1: "work", 0xB2: "holding", 0xB3: "auxiliary",
    0xBC: "data_register", 0xDD: "interrupt",
    **{0x60 + bank: f"em{bank + 16:x}" for bank in range(9)}, **{0x90 + bank: f"em{bank}" for bank in range(8)},
    **{0xA0 + bank: f"em{bank:x}" for bank in range(16)},
}  # fmt: skip
DOUBLES = {
    0xC0: "cio.forced", 0xF0: "cio.forced", 0xF1: "work.forced", 0xF2: "holding.forced", 0xF3: "auxiliary.forced",
    0xDC: "index_register",
}  # fmt: skip
"""Four bytes each: words behind their forced status, and index registers."""

AREAS = {**{code: f"{name}.bit" for code, name in PLACES.items()}, **FLAGS, **WORDS, **DOUBLES}

PARAMETERS = {
    0x8000: "all_parameters", 0x8002: "cpu_bus_unit_setup", 0x8010: "plc_setup", 0x8011: "peripheral_device_setup",
    0x8012: "io_table", 0x8013: "routing_tables",
}  # fmt: skip

MODES = {0: "program", 1: "debug", 2: "monitor", 4: "run"}
STATES = {0: "stop", 1: "run", 0x80: "standby"}
FORCING = {
    0: "force_reset", 1: "force_set", 0x8000: "release_and_reset", 0x8001: "release_and_set", 0xFFFF: "release",
}  # fmt: skip
