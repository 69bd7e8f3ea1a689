"""Numbers of MMS: PDUs, services, errors; and the functional constraints of IEC 61850.

Source: ISO 9506-2:2003 (clauses 7 and 8 for PDUs and services, 8.2.2 and 8.2.8 for errors and rejects, 14.4 for data
access errors); IEC 61850-7-2 and IEC 61850-8-1 for functional constraints and what a write to each of them does.
"""

from __future__ import annotations

REQUEST, RESPONSE, ERROR, UNCONFIRMED, REJECT = 0xA0, 0xA1, 0xA2, 0xA3, 0xA4
INITIATE, INITIATED, INITIATE_ERROR, CONCLUDE, CONCLUDED, CONCLUDE_ERROR = 0xA8, 0xA9, 0xAA, 0x8B, 0x8C, 0xAD
CANCEL, CANCELLED, CANCEL_ERROR = 0x85, 0x86, 0xA7

SERVICES = {
    0: "status", 1: "get_name_list", 2: "identify", 3: "rename", 4: "read", 5: "write",
    6: "get_variable_access_attributes", 7: "define_named_variable", 8: "define_scattered_access",
    9: "get_scattered_access_attributes", 10: "delete_variable_access", 11: "define_named_variable_list",
    12: "get_named_variable_list_attributes", 13: "delete_named_variable_list", 14: "define_named_type",
    15: "get_named_type_attributes", 16: "delete_named_type", 17: "input", 18: "output", 19: "take_control",
    20: "relinquish_control", 21: "define_semaphore", 22: "delete_semaphore", 23: "report_semaphore_status",
    24: "report_pool_semaphore_status", 25: "report_semaphore_entry_status", 26: "initiate_download_sequence",
    27: "download_segment", 28: "terminate_download_sequence", 29: "initiate_upload_sequence", 30: "upload_segment",
    31: "terminate_upload_sequence", 32: "request_domain_download", 33: "request_domain_upload",
    34: "load_domain_content", 35: "store_domain_content", 36: "delete_domain", 37: "get_domain_attributes",
    38: "create_program_invocation", 39: "delete_program_invocation", 40: "start", 41: "stop", 42: "resume",
    43: "reset", 44: "kill", 45: "get_program_invocation_attributes", 46: "obtain_file", 47: "define_event_condition",
    48: "delete_event_condition", 49: "get_event_condition_attributes", 50: "report_event_condition_status",
    51: "alter_event_condition_monitoring", 52: "trigger_event", 53: "define_event_action",
    54: "delete_event_action", 55: "get_event_action_attributes", 56: "report_event_action_status",
    57: "define_event_enrollment", 58: "delete_event_enrollment", 59: "alter_event_enrollment",
    60: "report_event_enrollment_status", 61: "get_event_enrollment_attributes",
    62: "acknowledge_event_notification", 63: "get_alarm_summary", 64: "get_alarm_enrollment_summary",
    65: "read_journal", 66: "write_journal", 67: "initialize_journal", 68: "report_journal_status",
    69: "create_journal", 70: "delete_journal", 71: "get_capability_list", 72: "file_open", 73: "file_read",
    74: "file_close", 75: "file_rename", 76: "file_delete", 77: "file_directory", 78: "additional_service",
}  # fmt: skip

UNCONFIRMED_SERVICES = {0: "information_report", 1: "unsolicited_status", 2: "event_notification"}

UNASKED, PDU = 0x100, 0x200
"""The `fn` slot holds a confirmed service's number, or one of these and the unconfirmed service or the PDU's tag."""

FUNCTIONS = {
    **SERVICES,
    **{UNASKED + number: name for number, name in UNCONFIRMED_SERVICES.items()},
    PDU + INITIATE: "initiate", PDU + CONCLUDE: "conclude", PDU + CANCEL: "cancel", PDU + REJECT: "reject",
}  # fmt: skip

ACCESS, REJECTED = 0x2000, 0x3000
"""Statuses: class << 8 | code of a service error, or one of these and a data access error, or a reject's type and
reason."""

_ACCESS_ERRORS = {
    0: "object_invalidated", 1: "hardware_fault", 2: "temporarily_unavailable", 3: "object_access_denied",
    4: "object_undefined", 5: "invalid_address", 6: "type_unsupported", 7: "type_inconsistent",
    8: "object_attribute_inconsistent", 9: "object_access_unsupported", 10: "object_non_existent",
    11: "object_value_invalid",
}  # fmt: skip

_ERRORS: dict[int, tuple[str, dict[int, str]]] = {
    0: ("vmd_state", {1: "vmd_state_conflict", 2: "vmd_operational_problem", 3: "domain_transfer_problem",
                      4: "state_machine_id_invalid"}),
    1: ("application_reference", {1: "application_unreachable", 2: "connection_lost",
                                  3: "application_reference_invalid", 4: "context_unsupported"}),
    2: ("definition", {1: "object_undefined", 2: "invalid_address", 3: "type_unsupported", 4: "type_inconsistent",
                       5: "object_exists", 6: "object_attribute_inconsistent"}),
    3: ("resource", {1: "memory_unavailable", 2: "processor_resource_unavailable", 3: "mass_storage_unavailable",
                     4: "capability_unavailable", 5: "capability_unknown"}),
    4: ("service", {1: "primitives_out_of_sequence", 2: "object_state_conflict", 3: "pdu_size",
                    4: "continuation_invalid", 5: "object_constraint_conflict"}),
    5: ("service_preempt", {1: "timeout", 2: "deadlock", 3: "cancel"}),
    6: ("time_resolution", {1: "unsupportable_time_resolution"}),
    7: ("access", {1: "object_access_unsupported", 2: "object_non_existent", 3: "object_access_denied",
                   4: "object_invalidated"}),
    8: ("initiate", {1: "version_incompatible", 2: "max_segment_insufficient", 3: "max_services_outstanding_calling",
                     4: "max_services_outstanding_called", 5: "service_cbb_insufficient",
                     6: "parameter_cbb_insufficient", 7: "nesting_level_insufficient"}),
    9: ("conclude", {1: "further_communication_required"}),
    10: ("cancel", {1: "invoke_id_unknown", 2: "cancel_not_possible"}),
    11: ("file", {1: "filename_ambiguous", 2: "file_busy", 3: "filename_syntax_error", 4: "content_type_invalid",
                  5: "position_invalid", 6: "file_access_denied", 7: "file_non_existent", 8: "duplicate_filename",
                  9: "insufficient_space_in_filestore"}),
    12: ("others", {}),
}  # fmt: skip

_REJECTS: dict[int, tuple[str, dict[int, str]]] = {
    1: ("confirmed_request", {1: "unrecognized_service", 2: "unrecognized_modifier", 3: "invalid_invoke_id",
                              4: "invalid_argument", 5: "invalid_modifier", 6: "max_serv_outstanding_exceeded",
                              8: "max_recursion_exceeded", 9: "value_out_of_range"}),
    2: ("confirmed_response", {1: "unrecognized_service", 2: "invalid_invoke_id", 3: "invalid_result",
                               5: "max_recursion_exceeded", 6: "value_out_of_range"}),
    3: ("confirmed_error", {1: "unrecognized_service", 2: "invalid_invoke_id", 3: "invalid_service_error",
                            4: "value_out_of_range"}),
    4: ("unconfirmed", {1: "unrecognized_service", 2: "invalid_argument", 3: "max_recursion_exceeded",
                        4: "value_out_of_range"}),
    5: ("pdu", {1: "unknown_pdu_type", 2: "invalid_pdu", 3: "illegal_acse_mapping"}),
    11: ("conclude_request", {1: "invalid_argument"}),
}  # fmt: skip

STATUSES = {
    **{kind << 8 | code: f"{name}: {what}" for kind, (name, codes) in _ERRORS.items()
       for code, what in {0: "other", **codes}.items()},
    **{ACCESS + code: name for code, name in _ACCESS_ERRORS.items()},
    **{REJECTED + (kind << 8 | code): f"reject {name}: {what}" for kind, (name, codes) in _REJECTS.items()
       for code, what in {0: "other", **codes}.items()},
}  # fmt: skip

LOGICAL = {0: "state_changes_allowed", 1: "no_state_changes_allowed", 2: "limited_services", 3: "support_services"}
PHYSICAL = {0: "operational", 1: "partially_operational", 2: "inoperable", 3: "needs_commissioning"}


def _pair(text: str) -> int:
    return int.from_bytes(text.encode(), "big")


CONSTRAINTS = {
    _pair(short): name
    for short, name in {
        "ST": "status", "MX": "measured", "CO": "control", "SP": "setpoint", "SV": "substitution",
        "CF": "configuration", "DC": "description", "SG": "setting_group", "SE": "setting_group_edit",
        "SR": "service_response", "OR": "operate_received", "BL": "blocking", "EX": "extended", "BR": "buffered_report",
        "RP": "unbuffered_report", "LG": "log", "GO": "goose", "GS": "gsse", "MS": "multicast_samples",
        "US": "unicast_samples",
    }.items()
}  # fmt: skip
"""Functional constraint (two letters as a number): the area that a variable is told with."""

REPORTING = tuple(_pair(short) for short in ("BR", "RP"))
"""To write a report control block is to subscribe."""

SETTING = tuple(_pair(short) for short in ("CF", "DC", "SG", "EX", "LG", "GO", "GS", "MS", "US"))
"""To write these is to configure."""

SUBSTITUTING = tuple(_pair(short) for short in ("SV", "BL"))
"""A substituted or blocked value no longer follows the process: forced."""
