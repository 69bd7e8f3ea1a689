"""Numbers of OPC UA by name.

Source: OPC 10000-4 (services), OPC 10000-6 (binary encoding; the node ids of the encodings are in its NodeIds.csv).
"""

from __future__ import annotations

HEL, ACK, ERR, RHE, OPN, MSG, CLO = 0x48454C, 0x41434B, 0x455252, 0x524845, 0x4F504E, 0x4D5347, 0x434C4F
"""Message types, three ASCII letters as one big-endian number."""

TYPES = {HEL: "HEL", ACK: "ACK", ERR: "ERR", RHE: "RHE", OPN: "OPN", MSG: "MSG", CLO: "CLO"}

FAULT = 397

REQUESTS = {
    422: "find_servers",
    428: "get_endpoints",
    437: "register_server",
    446: "open_secure_channel",
    452: "close_secure_channel",
    461: "create_session",
    467: "activate_session",
    473: "close_session",
    479: "cancel",
    488: "add_nodes",
    494: "add_references",
    500: "delete_nodes",
    506: "delete_references",
    527: "browse",
    533: "browse_next",
    554: "translate_browse_paths_to_node_ids",
    560: "register_nodes",
    566: "unregister_nodes",
    615: "query_first",
    621: "query_next",
    631: "read",
    664: "history_read",
    673: "write",
    700: "history_update",
    712: "call",
    751: "create_monitored_items",
    763: "modify_monitored_items",
    769: "set_monitoring_mode",
    775: "set_triggering",
    781: "delete_monitored_items",
    787: "create_subscription",
    793: "modify_subscription",
    799: "set_publishing_mode",
    826: "publish",
    832: "republish",
    841: "transfer_subscriptions",
    847: "delete_subscriptions",
    12208: "find_servers_on_network",
    12211: "register_server2",
}
"""Services, by the node id of their request's binary encoding."""

RESPONSES = {number + (1 if number > 10_000 else 3): name for number, name in REQUESTS.items()}
"""The same by the response's node id: three above the request's in the older range, one above in the newer."""

FUNCTIONS = {
    **REQUESTS,
    **RESPONSES,
    FAULT: "service_fault",
    HEL: "hello",
    ERR: "error",
    RHE: "reverse_hello",
    MSG: "message",
}

STATUSES = {
    0x80010000: "bad_unexpected_error",
    0x80020000: "bad_internal_error",
    0x80030000: "bad_out_of_memory",
    0x80040000: "bad_resource_unavailable",
    0x80050000: "bad_communication_error",
    0x80060000: "bad_encoding_error",
    0x80070000: "bad_decoding_error",
    0x80080000: "bad_encoding_limits_exceeded",
    0x80090000: "bad_unknown_response",
    0x800A0000: "bad_timeout",
    0x800B0000: "bad_service_unsupported",
    0x800C0000: "bad_shutdown",
    0x800D0000: "bad_server_not_connected",
    0x800E0000: "bad_server_halted",
    0x800F0000: "bad_nothing_to_do",
    0x80100000: "bad_too_many_operations",
    0x80110000: "bad_data_type_id_unknown",
    0x80120000: "bad_certificate_invalid",
    0x80130000: "bad_security_checks_failed",
    0x80140000: "bad_certificate_time_invalid",
    0x80170000: "bad_certificate_uri_invalid",
    0x80180000: "bad_certificate_use_not_allowed",
    0x801A0000: "bad_certificate_untrusted",
    0x801D0000: "bad_certificate_revoked",
    0x801F0000: "bad_user_access_denied",
    0x80200000: "bad_identity_token_invalid",
    0x80210000: "bad_identity_token_rejected",
    0x80220000: "bad_secure_channel_id_invalid",
    0x80240000: "bad_nonce_invalid",
    0x80250000: "bad_session_id_invalid",
    0x80260000: "bad_session_closed",
    0x80270000: "bad_session_not_activated",
    0x80280000: "bad_subscription_id_invalid",
    0x802A0000: "bad_request_header_invalid",
    0x802B0000: "bad_timestamps_to_return_invalid",
    0x80310000: "bad_no_communication",
    0x80320000: "bad_waiting_for_initial_data",
    0x80330000: "bad_node_id_invalid",
    0x80340000: "bad_node_id_unknown",
    0x80350000: "bad_attribute_id_invalid",
    0x80360000: "bad_index_range_invalid",
    0x80370000: "bad_index_range_no_data",
    0x80380000: "bad_data_encoding_invalid",
    0x803A0000: "bad_not_readable",
    0x803B0000: "bad_not_writable",
    0x803C0000: "bad_out_of_range",
    0x803D0000: "bad_not_supported",
    0x803E0000: "bad_not_found",
    0x80400000: "bad_not_implemented",
    0x80410000: "bad_monitoring_mode_invalid",
    0x80420000: "bad_monitored_item_id_invalid",
    0x80430000: "bad_monitored_item_filter_invalid",
    0x80450000: "bad_filter_not_allowed",
    0x804A0000: "bad_continuation_point_invalid",
    0x804B0000: "bad_no_continuation_points",
    0x80540000: "bad_security_mode_rejected",
    0x80550000: "bad_security_policy_rejected",
    0x80560000: "bad_too_many_sessions",
    0x80570000: "bad_user_signature_invalid",
    0x805E0000: "bad_node_id_exists",
    0x80660000: "bad_view_id_unknown",
    0x806F0000: "bad_no_match",
    0x80730000: "bad_write_not_supported",
    0x80740000: "bad_type_mismatch",
    0x80750000: "bad_method_invalid",
    0x80760000: "bad_arguments_missing",
    0x80770000: "bad_too_many_subscriptions",
    0x80780000: "bad_too_many_publish_requests",
    0x80790000: "bad_no_subscription",
    0x807A0000: "bad_sequence_number_unknown",
    0x807D0000: "bad_tcp_server_too_busy",
    0x807E0000: "bad_tcp_message_type_invalid",
    0x807F0000: "bad_tcp_secure_channel_unknown",
    0x80800000: "bad_tcp_message_too_large",
    0x80820000: "bad_tcp_internal_error",
    0x80830000: "bad_tcp_endpoint_url_invalid",
    0x80840000: "bad_request_interrupted",
    0x80850000: "bad_request_timeout",
    0x80860000: "bad_secure_channel_closed",
    0x80870000: "bad_secure_channel_token_unknown",
    0x80880000: "bad_sequence_number_invalid",
    0x80AB0000: "bad_invalid_argument",
    0x80AC0000: "bad_connection_rejected",
    0x80AD0000: "bad_disconnect",
    0x80AE0000: "bad_connection_closed",
    0x80AF0000: "bad_invalid_state",
    0x80B80000: "bad_request_too_large",
    0x80B90000: "bad_response_too_large",
}
"""Status codes (OPC 10000-6, annex A.2) that a client is likely to see; good and uncertain ones are no errors."""

ATTRIBUTES = {
    1: "node_id",
    2: "node_class",
    3: "browse_name",
    4: "display_name",
    5: "description",
    6: "write_mask",
    7: "user_write_mask",
    8: "is_abstract",
    9: "symmetric",
    10: "inverse_name",
    11: "contains_no_loops",
    12: "event_notifier",
    13: "value",
    14: "data_type",
    15: "value_rank",
    16: "array_dimensions",
    17: "access_level",
    18: "user_access_level",
    19: "minimum_sampling_interval",
    20: "historizing",
    21: "executable",
    22: "user_executable",
}
"""OPC 10000-6, annex A.1."""

TOKENS = {321: "anonymous", 324: "username", 327: "certificate", 940: "issued"}
"""User identity tokens, by the node id of their binary encoding."""

TOKEN_TYPES = {0: "anonymous", 1: "username", 2: "certificate", 3: "issued"}
MODES = {0: "invalid", 1: "none", 2: "sign", 3: "sign_and_encrypt"}
APPLICATIONS = {0: "server", 1: "client", 2: "client and server", 3: "discovery server"}
QUALITY = {0: "good", 1: "uncertain", 2: "bad", 3: "bad"}
"""Upper two bits of a status code."""
