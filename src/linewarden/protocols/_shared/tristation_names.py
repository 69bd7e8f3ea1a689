"""Numbers of TriStation: message types, commands, answers and reasons of a refusal.

Source: no public specification. The numbers and their names are those that the TRITON framework itself carried (its
module TS_cnames), as published by FireEye ("A Totally Tubular Treatise on TRITON and TriStation", 2018) and Nozomi
Networks ("TRITON: the first ICS cyber attack on safety instrument systems", 2018), written here in our spelling.
"""

from __future__ import annotations

TYPES = {
    1: "connect_request", 2: "connect_reply", 3: "disconnect_reply", 4: "disconnect_request", 5: "command", 6: "ping",
    7: "connection_limit_reached", 8: "not_connected", 9: "mps_are_dead", 10: "access_denied", 11: "connection_failed",
}  # fmt: skip

EXECUTE = 5

COMMANDS = {
    0: "start_download_all", 1: "start_download_change", 2: "update_configuration", 3: "upload_configuration",
    4: "set_io_addresses", 5: "allocate_network", 6: "load_vector_table", 7: "set_calendar", 8: "get_calendar",
    9: "set_scan_time", 10: "end_download_all", 11: "end_download_change", 12: "cancel_download_change",
    13: "attach_tricon", 14: "set_io_address_limits", 15: "configure_module", 16: "set_multiple_point_values",
    17: "enable_all_points", 18: "upload_vector_table", 19: "get_cp_status", 20: "run_program", 21: "halt_program",
    22: "pause_program", 23: "do_single_scan", 24: "get_chassis_status", 25: "get_minimum_scan_time",
    26: "set_node_number", 27: "set_io_point_values", 28: "get_io_point_values", 29: "get_mp_status",
    30: "set_retentive_values", 31: "adjust_clock_calendar", 32: "clear_module_alarms", 33: "get_event_log",
    34: "set_soe_block", 35: "record_event_log", 36: "get_soe_data", 37: "enable_ovd", 38: "disable_ovd",
    39: "enable_all_ovds", 40: "disable_all_ovds", 41: "process_modbus", 42: "upload_network", 43: "set_label",
    44: "configure_system_variables", 45: "deconfigure_module", 46: "get_system_variables", 47: "get_module_types",
    48: "begin_conversion_table_download", 49: "continue_conversion_table_download",
    50: "end_conversion_table_download", 51: "get_conversion_table", 52: "set_icm_status",
    53: "broadcast_soe_data_available", 54: "get_module_versions", 55: "allocate_program", 56: "allocate_function",
    57: "clear_retentives", 58: "set_initial_values", 59: "start_ts2_program_download", 60: "set_ts2_data_area",
    61: "get_ts2_data", 62: "set_ts2_data", 63: "set_program_information", 64: "get_program_information",
    65: "upload_program", 66: "upload_function", 67: "get_point_groups", 68: "allocate_symbol_table",
    69: "get_io_address", 70: "resend_io_address", 71: "get_program_timing", 72: "allocate_multiple_functions",
    73: "get_node_number", 74: "get_symbol_table", 80: "go_to_download_mode",
}  # fmt: skip

REJECTED = 100
"""The answer that refuses; a reason follows."""

ANSWERS = {
    REJECTED: "command_rejected", 101: "download_all_permitted", 102: "download_change_permitted",
    103: "modification_accepted", 104: "download_cancelled", 105: "program_accepted", 106: "tricon_attached",
    107: "io_addresses_set", 108: "cp_status", 109: "program_is_running", 110: "program_is_halted",
    111: "program_is_paused", 112: "end_of_single_scan", 113: "chassis_configuration", 114: "scan_period_modified",
    117: "module_configured", 119: "chassis_status", 120: "vectors", 121: "io_point_values", 122: "calendar_changed",
    123: "configuration_updated", 124: "minimum_scan_time", 126: "node_number_set", 127: "mp_status",
    128: "retentive_values_set", 129: "soe_block_set", 130: "module_alarms_cleared", 131: "event_log",
    132: "symbol_table_accepted", 133: "ovd_enable_accepted", 134: "ovd_disable_accepted", 135: "event_log_recorded",
    136: "network", 137: "soe_data", 138: "allocate_network_accepted", 139: "load_vector_table_accepted",
    140: "calendar", 141: "label_set", 142: "module_types", 143: "system_variables_configured",
    144: "module_deconfigured", 147: "conversion_table", 148: "icm_print_data_sent", 149: "icm_status_set",
    150: "system_variables", 151: "module_versions", 152: "modbus_processed", 153: "program_allocated",
    154: "function_allocated", 155: "retentives_cleared", 156: "initial_values_set", 157: "ts2_data_area_set",
    158: "ts2_data", 159: "ts2_data_set", 160: "program_information_set", 161: "program_information", 162: "program",
    163: "function", 164: "point_groups", 165: "symbol_table_allocated", 166: "program_timing",
    167: "disable_points_full", 168: "multiple_functions_allocated", 169: "node_number", 170: "symbol_table",
}  # fmt: skip

REASONS = {
    200: "wrong_command", 201: "load_is_in_progress", 202: "bad_clock_calendar_data",
    203: "control_program_not_halted", 204: "control_program_checksum_error", 205: "no_memory_available",
    206: "control_program_not_valid", 207: "not_loading_a_control_program", 208: "network_is_out_of_range",
    209: "not_enough_arguments", 210: "a_network_is_missing", 211: "download_time_mismatches",
    212: "key_setting_prohibits_this_operation", 213: "bad_control_program_version",
    214: "command_not_in_correct_sequence", 216: "bad_index_for_a_module", 217: "module_address_is_invalid",
    220: "bad_offset_for_an_io_point", 221: "invalid_point_type", 222: "invalid_point_location",
    223: "program_name_is_invalid", 227: "invalid_module_type", 229: "invalid_table_type",
    231: "invalid_network_continuation", 232: "invalid_scan_time", 233: "load_is_busy", 234: "an_mp_has_reeducated",
    235: "invalid_chassis_or_slot", 236: "invalid_soe_number", 237: "invalid_soe_type", 238: "invalid_soe_state",
    239: "variable_is_write_protected", 240: "node_number_mismatch", 241: "command_not_allowed",
    242: "invalid_sequence_number", 243: "time_change_on_non_master_tricon", 244: "no_free_tristation_ports",
    245: "invalid_tristation_i_command", 246: "invalid_tristation_1131_command", 247: "only_one_chassis_allowed",
    248: "bad_variable_address", 249: "response_overflow", 250: "invalid_bus", 251: "disable_is_not_allowed",
    252: "invalid_length", 253: "point_cannot_be_disabled", 254: "too_many_retentive_variables",
    255: "loader_connect",
}  # fmt: skip

KEY = {0: "stop", 1: "program", 2: "run", 3: "remote"}
"""Position of the key switch at the chassis."""

RUN = {0: "running", 1: "halted", 2: "paused"}
"""State of the control program."""
