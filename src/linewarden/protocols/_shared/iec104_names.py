"""Names of IEC 60870-5-104: type identifications and causes of transmission (IEC 60870-5-101 7.2.1, 7.2.3)."""

from __future__ import annotations

TYPES = {
    1: "M_SP_NA_1",
    2: "M_SP_TA_1",
    3: "M_DP_NA_1",
    4: "M_DP_TA_1",
    5: "M_ST_NA_1",
    6: "M_ST_TA_1",
    7: "M_BO_NA_1",
    8: "M_BO_TA_1",
    9: "M_ME_NA_1",
    10: "M_ME_TA_1",
    11: "M_ME_NB_1",
    12: "M_ME_TB_1",
    13: "M_ME_NC_1",
    14: "M_ME_TC_1",
    15: "M_IT_NA_1",
    16: "M_IT_TA_1",
    17: "M_EP_TA_1",
    18: "M_EP_TB_1",
    19: "M_EP_TC_1",
    20: "M_PS_NA_1",
    21: "M_ME_ND_1",
    30: "M_SP_TB_1",
    31: "M_DP_TB_1",
    32: "M_ST_TB_1",
    33: "M_BO_TB_1",
    34: "M_ME_TD_1",
    35: "M_ME_TE_1",
    36: "M_ME_TF_1",
    37: "M_IT_TB_1",
    38: "M_EP_TD_1",
    39: "M_EP_TE_1",
    40: "M_EP_TF_1",
    45: "C_SC_NA_1",
    46: "C_DC_NA_1",
    47: "C_RC_NA_1",
    48: "C_SE_NA_1",
    49: "C_SE_NB_1",
    50: "C_SE_NC_1",
    51: "C_BO_NA_1",
    58: "C_SC_TA_1",
    59: "C_DC_TA_1",
    60: "C_RC_TA_1",
    61: "C_SE_TA_1",
    62: "C_SE_TB_1",
    63: "C_SE_TC_1",
    64: "C_BO_TA_1",
    70: "M_EI_NA_1",
    100: "C_IC_NA_1",
    101: "C_CI_NA_1",
    102: "C_RD_NA_1",
    103: "C_CS_NA_1",
    104: "C_TS_NA_1",
    105: "C_RP_NA_1",
    106: "C_CD_NA_1",
    107: "C_TS_TA_1",
    110: "P_ME_NA_1",
    111: "P_ME_NB_1",
    112: "P_ME_NC_1",
    113: "P_AC_NA_1",
    120: "F_FR_NA_1",
    121: "F_SR_NA_1",
    122: "F_SC_NA_1",
    123: "F_LS_NA_1",
    124: "F_AF_NA_1",
    125: "F_SG_NA_1",
    126: "F_DR_TA_1",
    127: "F_SC_NB_1",
}

U_BASE = 0x100
"""Numbers of functions: a type identification, or this plus the U format's function bits."""

U_FUNCTIONS = {
    0x01: "STARTDT_act",
    0x02: "STARTDT_con",
    0x04: "STOPDT_act",
    0x08: "STOPDT_con",
    0x10: "TESTFR_act",
    0x20: "TESTFR_con",
}

FUNCTIONS = TYPES | {U_BASE + bits: name for bits, name in U_FUNCTIONS.items()}

FORMATS = {0: "I", 1: "S", 3: "U"}

CAUSES = {
    1: "cyclic",
    2: "background",
    3: "spontaneous",
    4: "initialized",
    5: "request",
    6: "activation",
    7: "activation_confirmation",
    8: "deactivation",
    9: "deactivation_confirmation",
    10: "activation_termination",
    11: "return_remote_command",
    12: "return_local_command",
    13: "file_transfer",
    14: "authentication",
    15: "session_key",
    16: "user_role_and_update_key",
    20: "interrogated_by_station",
    **{20 + group: f"interrogated_by_group_{group}" for group in range(1, 17)},
    37: "counter_request_general",
    **{37 + group: f"counter_request_group_{group}" for group in range(1, 5)},
    44: "unknown_type",
    45: "unknown_cause",
    46: "unknown_common_address",
    47: "unknown_object_address",
}

NEGATIVE = 64
"""Status of an answer with the negative bit; 44 to 47 are the causes that say what was not known."""

STATUSES = {NEGATIVE: "negative_confirmation"} | {cause: CAUSES[cause] for cause in range(44, 48)}


_MEASURED = {0x80: "invalid", 0x40: "not_topical", 0x20: "substituted", 0x10: "blocked", 0x01: "overflow"}
_COUNTED = {0x80: "invalid", 0x40: "adjusted", 0x20: "carry"}


def _quality(bits: int, flags: dict[int, str]) -> str:
    return "+".join(name for bit, name in flags.items() if bits & bit) or "good"


MEASURED_MASK, POINT_MASK = 0xF1, 0xF0
"""Bits of the quality descriptor: measured values have an overflow bit, single and double points have not."""

QUALITY = {bits: _quality(bits, _MEASURED) for bits in range(256) if bits & ~MEASURED_MASK == 0}

COUNTER_MASK = 0xE0
COUNTER_QUALITY = {bits: _quality(bits, _COUNTED) for bits in range(0, 256, 32)}
