"""Names of DNP3 (IEEE 1815-2012): function codes (4.2.2), object groups (annex A), qualities, errors."""

from __future__ import annotations

from collections.abc import Sequence

FUNCTIONS = {
    0: "confirm",
    1: "read",
    2: "write",
    3: "select",
    4: "operate",
    5: "direct_operate",
    6: "direct_operate_no_ack",
    7: "immediate_freeze",
    8: "immediate_freeze_no_ack",
    9: "freeze_and_clear",
    10: "freeze_and_clear_no_ack",
    11: "freeze_at_time",
    12: "freeze_at_time_no_ack",
    13: "cold_restart",
    14: "warm_restart",
    15: "initialize_data",
    16: "initialize_application",
    17: "start_application",
    18: "stop_application",
    19: "save_configuration",
    20: "enable_unsolicited",
    21: "disable_unsolicited",
    22: "assign_class",
    23: "delay_measurement",
    24: "record_current_time",
    25: "open_file",
    26: "close_file",
    27: "delete_file",
    28: "get_file_information",
    29: "authenticate_file",
    30: "abort_file_transfer",
    31: "activate_configuration",
    32: "authentication_request",
    33: "authentication_request_no_ack",
    129: "response",
    130: "unsolicited_response",
    131: "authentication_response",
}

PRIMARY = {
    0: "reset_link_states",
    1: "reset_user_process",
    2: "test_link_states",
    3: "confirmed_user_data",
    4: "unconfirmed_user_data",
    9: "request_link_status",
}
SECONDARY = {0: "ack", 1: "nack", 11: "link_status", 14: "link_not_functioning", 15: "not_supported"}
"""Link functions of the primary and the secondary station (9.2.4.1.3)."""

AREAS = {
    0: "device_attribute",
    **dict.fromkeys((1, 2), "binary_input"),
    **dict.fromkeys((3, 4), "double_bit_input"),
    **dict.fromkeys((10, 11, 12, 13), "binary_output"),
    **dict.fromkeys((20, 22), "counter"),
    **dict.fromkeys((21, 23), "frozen_counter"),
    **dict.fromkeys((30, 32), "analog_input"),
    **dict.fromkeys((31, 33), "frozen_analog_input"),
    34: "analog_input_deadband",
    **dict.fromkeys((40, 41, 42, 43), "analog_output"),
    **dict.fromkeys((50, 51), "clock"),
    52: "time_delay",
    60: "class_data",
    70: "file",
    80: "internal_indication",
    **dict.fromkeys((85, 86, 87, 88), "data_set"),
    90: "application",
    **dict.fromkeys((110, 111), "octet_string"),
    **dict.fromkeys((112, 113), "virtual_terminal"),
    120: "authentication",
    **dict.fromkeys((121, 122), "security_statistic"),
}
"""What an object group is about: static and event groups of the same points share one area."""

AUTHENTICATION = {
    1: "challenge",
    2: "reply",
    3: "aggressive_mode_request",
    4: "session_key_status_request",
    5: "session_key_status",
    6: "session_key_change",
    7: "error",
    8: "user_certificate",
    9: "mac",
    10: "user_status_change",
    11: "update_key_change_request",
    12: "update_key_change_reply",
    13: "update_key_change",
    14: "update_key_change_signature",
    15: "update_key_change_confirmation",
}
"""Variations of group 120."""

OPERATIONS = {0: "nul", 1: "pulse_on", 2: "pulse_off", 3: "latch_on", 4: "latch_off"}
TRIP_CLOSE = {0: "nul", 1: "close", 2: "trip", 3: "reserved"}

IIN_ERROR = 0x100
"""Statuses of answers: 1 to 127 as a control object says, IIN2's refusing bits + 0x100, file statuses + 0x200."""
FILE_ERROR = 0x200

_CONTROL_STATUS = {
    1: "timeout",
    2: "no_select",
    3: "format_error",
    4: "not_supported",
    5: "already_active",
    6: "hardware_error",
    7: "local",
    8: "too_many_operations",
    9: "not_authorized",
    10: "automation_inhibit",
    11: "processing_limited",
    12: "out_of_range",
    13: "downstream_local",
    14: "already_complete",
    15: "blocked",
    16: "canceled",
    17: "blocked_other_master",
    18: "downstream_fail",
    126: "non_participating",
    127: "undefined",
}
_FILE_STATUS = {
    1: "permission_denied",
    2: "invalid_mode",
    3: "file_not_found",
    4: "file_locked",
    5: "too_many_open",
    6: "invalid_handle",
    7: "write_block_size",
    8: "communication_lost",
    9: "cannot_abort",
    16: "not_opened",
    17: "handle_expired",
    18: "buffer_overrun",
    19: "fatal",
    20: "block_out_of_sequence",
    255: "undefined",
}
_IIN2 = {0x01: "function_not_supported", 0x02: "object_unknown", 0x04: "parameter_error", 0x10: "already_executing"}
REFUSED = sum(_IIN2)
"""Bits of IIN2 with which an outstation says that it did not do it."""

STATUSES = {
    **_CONTROL_STATUS,
    **{
        IIN_ERROR + bits: "+".join(name for bit, name in _IIN2.items() if bits & bit)
        for bits in range(1, REFUSED + 1)
        if bits & ~REFUSED == 0
    },
    **{FILE_ERROR + code: name for code, name in _FILE_STATUS.items()},
}

FILE_MODES = {0: "none", 1: "read", 2: "write", 3: "append"}

_FLAGS = ("online", "restart", "comm_lost", "remote_forced", "local_forced")


def _qualities(*more: str) -> dict[int, str]:
    """Every value of a flag octet without its state bits: `good`, or what is not as it should be."""
    names: Sequence[str] = _FLAGS + more
    return {value: _quality(value, names) for value in range(1 << len(names))}


def _quality(value: int, names: Sequence[str]) -> str:
    said = [] if value & 1 else ["offline"]
    said += [name for bit, name in enumerate(names) if bit > 0 and value >> bit & 1]
    return "+".join(said) or "good"


BINARY_QUALITY = _qualities("chatter")
COUNTER_QUALITY = _qualities("rollover", "discontinuity")
ANALOG_QUALITY = _qualities("over_range", "reference_error")
