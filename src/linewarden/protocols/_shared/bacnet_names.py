"""Names of BACnet (ANSI/ASHRAE 135-2020): BVLC functions (annex J); services, objects, properties, errors (21)."""

from __future__ import annotations


def _numbered(text: str, first: int = 0) -> dict[int, str]:
    """Words in the order of their numbers; `-` where a number is not used."""
    return {n: word for n, word in enumerate(text.split(), first) if word != "-"}


BVLC = _numbered(
    "result write_broadcast_distribution_table read_broadcast_distribution_table"
    " read_broadcast_distribution_table_ack forwarded_npdu register_foreign_device read_foreign_device_table"
    " read_foreign_device_table_ack delete_foreign_device_table_entry distribute_broadcast_to_network"
    " original_unicast_npdu original_broadcast_npdu secure_bvll"
)

PDU_TYPES = _numbered("confirmed_request unconfirmed_request simple_ack complex_ack segment_ack error reject abort")

CONFIRMED = _numbered(
    "acknowledge_alarm confirmed_cov_notification confirmed_event_notification get_alarm_summary"
    " get_enrollment_summary subscribe_cov atomic_read_file atomic_write_file add_list_element remove_list_element"
    " create_object delete_object read_property read_property_conditional read_property_multiple write_property"
    " write_property_multiple device_communication_control confirmed_private_transfer confirmed_text_message"
    " reinitialize_device vt_open vt_close vt_data authenticate request_key read_range life_safety_operation"
    " subscribe_cov_property get_event_information subscribe_cov_property_multiple confirmed_cov_notification_multiple"
    " confirmed_audit_notification audit_log_query"
)

UNCONFIRMED = _numbered(
    "i_am i_have unconfirmed_cov_notification unconfirmed_event_notification unconfirmed_private_transfer"
    " unconfirmed_text_message time_synchronization who_has who_is utc_time_synchronization write_group"
    " unconfirmed_cov_notification_multiple unconfirmed_audit_notification who_am_i you_are"
)

NETWORK = _numbered(
    "who_is_router_to_network i_am_router_to_network i_could_be_router_to_network reject_message_to_network"
    " router_busy_to_network router_available_to_network initialize_routing_table initialize_routing_table_ack"
    " establish_connection_to_network disconnect_connection_to_network challenge_request security_payload"
    " security_response request_key_update update_key_set update_distribution_key request_master_key set_master_key"
    " what_is_network_number network_number_is"
)

UNCONFIRMED_BASE, BVLC_BASE, NETWORK_BASE = 0x100, 0x200, 0x300
"""Numbers of functions: a confirmed service, or one of the others plus its base."""

FUNCTIONS = (
    CONFIRMED
    | {UNCONFIRMED_BASE + n: name for n, name in UNCONFIRMED.items()}
    | {BVLC_BASE + n: name for n, name in BVLC.items()}
    | {NETWORK_BASE + n: name for n, name in NETWORK.items()}
)

OBJECTS = _numbered(
    "analog_input analog_output analog_value binary_input binary_output binary_value calendar command device"
    " event_enrollment file group loop multi_state_input multi_state_output notification_class program schedule"
    " averaging multi_state_value trend_log life_safety_point life_safety_zone accumulator pulse_converter event_log"
    " global_group trend_log_multiple load_control structured_view access_door timer access_credential access_point"
    " access_rights access_user access_zone credential_data_input network_security bitstring_value"
    " characterstring_value date_pattern_value date_value datetime_pattern_value datetime_value integer_value"
    " large_analog_value octetstring_value positive_integer_value time_pattern_value time_value notification_forwarder"
    " alert_enrollment channel lighting_output binary_lighting_output network_port elevator_group escalator lift"
    " staging audit_log audit_reporter color color_temperature"
)
DEVICE, FILE = 8, 10

PROPERTIES = _numbered(
    "acked_transitions ack_required action action_text active_text active_vt_sessions alarm_value alarm_values all"
    " all_writes_successful apdu_segment_timeout apdu_timeout application_software_version archive bias"
    " change_of_state_count change_of_state_time notification_class - controlled_variable_reference"
    " controlled_variable_units controlled_variable_value cov_increment date_list daylight_savings_status deadband"
    " derivative_constant derivative_constant_units description description_of_halt device_address_binding device_type"
    " effective_period elapsed_active_time error_limit event_enable event_state event_type exception_schedule"
    " fault_values feedback_value file_access_method file_size file_type firmware_revision high_limit inactive_text"
    " in_process instance_of integral_constant integral_constant_units - limit_enable list_of_group_members"
    " list_of_object_property_references - local_date local_time location low_limit manipulated_variable_reference"
    " maximum_output max_apdu_length_accepted max_info_frames max_master max_pres_value minimum_off_time"
    " minimum_on_time minimum_output min_pres_value model_name modification_date notify_type number_of_apdu_retries"
    " number_of_states object_identifier object_list object_name object_property_reference object_type optional"
    " out_of_service output_units event_parameters polarity present_value priority priority_array priority_for_writing"
    " process_identifier program_change program_location program_state proportional_constant"
    " proportional_constant_units - protocol_object_types_supported protocol_services_supported protocol_version"
    " read_only reason_for_halt - recipient_list reliability relinquish_default required resolution"
    " segmentation_supported setpoint setpoint_reference state_text status_flags system_status time_delay"
    " time_of_active_time_reset time_of_state_count_reset time_synchronization_recipients units update_interval"
    " utc_offset vendor_identifier vendor_name vt_classes_supported weekly_schedule"
) | {
    126: "buffer_size",
    128: "cov_resubscription_interval",
    131: "log_buffer",
    133: "log_enable",
    139: "protocol_revision",
    141: "record_count",
    145: "total_record_count",
    152: "active_cov_subscriptions",
    153: "backup_failure_timeout",
    154: "configuration_files",
    155: "database_revision",
    157: "last_restore_time",
    167: "max_segments_accepted",
    168: "profile_name",
    196: "last_restart_reason",
    202: "restart_notification_recipients",
    203: "time_of_device_restart",
    209: "structured_object_list",
    371: "property_list",
    372: "serial_number",
}
OBJECT_NAME, PRESENT_VALUE = 77, 85

IDENTITY = {
    12: "software",
    28: "description",
    44: "firmware",
    58: "location",
    70: "model",
    OBJECT_NAME: "name",
    120: "vendor",
    121: "vendor",
    372: "serial",
}
"""Properties of the device object that say what the device is, and where they go."""

REINITIALIZED = _numbered(
    "cold_start warm_start start_backup end_backup start_restore end_restore abort_restore activate_changes"
)
"""States that ReinitializeDevice asks for (16.4)."""

ERROR_BASE, REJECT_BASE, ABORT_BASE = 1000, 2000, 3000
"""Statuses: an error code, reject reason or abort reason, plus its base."""

_ERRORS = _numbered(
    "other authentication_failed configuration_in_progress device_busy dynamic_creation_not_supported"
    " file_access_denied incompatible_security_levels inconsistent_parameters inconsistent_selection_criterion"
    " invalid_data_type invalid_file_access_method invalid_file_start_position invalid_operator_name"
    " invalid_parameter_data_type invalid_time_stamp key_generation_error missing_required_parameter"
    " no_objects_of_specified_type no_space_for_object no_space_to_add_list_element no_space_to_write_property"
    " no_vt_sessions_available property_is_not_a_list object_deletion_not_permitted object_identifier_already_exists"
    " operational_problem password_failure read_access_denied security_not_supported service_request_denied timeout"
    " unknown_object unknown_property - unknown_vt_class unknown_vt_session unsupported_object_type value_out_of_range"
    " vt_session_already_closed vt_session_termination_failure write_access_denied character_set_not_supported"
    " invalid_array_index cov_subscription_failed not_cov_property optional_functionality_not_supported"
    " invalid_configuration_data datatype_not_supported duplicate_name duplicate_object_id property_is_not_an_array"
) | {
    73: "invalid_event_state",
    74: "no_alarm_configured",
    75: "log_buffer_full",
    79: "unknown_subscription",
    80: "parameter_out_of_range",
    83: "communication_disabled",
}
_REJECTS = _numbered(
    "other buffer_overflow inconsistent_parameters invalid_parameter_data_type invalid_tag missing_required_parameter"
    " parameter_out_of_range too_many_arguments undefined_enumeration unrecognized_service"
)
_ABORTS = _numbered(
    "other buffer_overflow invalid_apdu_in_this_state preempted_by_higher_priority_task segmentation_not_supported"
    " security_error insufficient_security window_size_out_of_range application_exceeded_reply_time out_of_resources"
    " tsm_timeout apdu_too_long"
)
STATUSES = (
    {ERROR_BASE + n: name for n, name in _ERRORS.items()}
    | {REJECT_BASE + n: f"reject_{name}" for n, name in _REJECTS.items()}
    | {ABORT_BASE + n: f"abort_{name}" for n, name in _ABORTS.items()}
)

VENDORS = {
    0: "ASHRAE",
    1: "NIST",
    2: "Trane",
    4: "PolarSoft",
    5: "Johnson Controls",
    6: "American Auto-Matrix",
    7: "Siemens",
    8: "Delta Controls",
    9: "Siemens",
    10: "Schneider Electric",
    14: "Cimetrics",
    16: "Carrier",
    17: "Honeywell",
    18: "Alerton",
    24: "Automated Logic",
    26: "Phoenix Controls",
    35: "Reliable Controls",
    36: "Tridium",
    42: "Acuity Brands",
    80: "Sauter",
    86: "WattStopper",
    89: "Saia-Burgess",
    98: "Toshiba",
    127: "ABB",
    222: "WAGO",
    245: "Contemporary Controls",
    260: "BACnet Stack",
    364: "Distech Controls",
    486: "HMS Industrial Networks",
    562: "Crestron",
    607: "Dwyer",
}
"""Some vendor ids that ASHRAE assigned, by the names under which the makers trade.

None differs from Wireshark's (4.0, `tshark -G values`).
"""


def vendor(number: int) -> str:
    """Vendor by id."""
    return VENDORS.get(number, f"BACnet vendor {number}")
