"""Names of TLS numbers.

Source: IANA "Transport Layer Security (TLS) Parameters" (RFC 8446, RFC 5246, RFC 5289, RFC 4492 and others).
"""

from __future__ import annotations

VERSIONS = {0x0002: "SSLv2", 0x0300: "SSLv3", 0x0301: "TLSv10", 0x0302: "TLSv11", 0x0303: "TLSv12", 0x0304: "TLSv13"}
HANDSHAKES = {
    0: "hello_request", 1: "client_hello", 2: "server_hello", 3: "hello_verify_request", 4: "new_session_ticket",
    11: "certificate", 12: "server_key_exchange", 13: "certificate_request", 14: "server_hello_done",
    15: "certificate_verify", 16: "client_key_exchange", 20: "finished", 21: "certificate_url",
    22: "certificate_status", 67: "next_protocol",
}  # fmt: skip
ALERTS = {
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed", 22: "record_overflow",
    30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate", 42: "bad_certificate",
    43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown",
    47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error", 51: "decrypt_error",
    60: "export_restriction", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
    86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation", 109: "missing_extension",
    110: "unsupported_extension", 112: "unrecognized_name", 113: "bad_certificate_status_response",
    115: "unknown_psk_identity", 116: "certificate_required", 120: "no_application_protocol",
}  # fmt: skip


def _suites() -> dict[int, str]:
    """Cipher suites in families, as the registry numbers them."""
    suites = {
        0x0000: "NULL_WITH_NULL_NULL", 0x0001: "RSA_WITH_NULL_MD5", 0x0002: "RSA_WITH_NULL_SHA",
        0x0003: "RSA_EXPORT_WITH_RC4_40_MD5", 0x0004: "RSA_WITH_RC4_128_MD5", 0x0005: "RSA_WITH_RC4_128_SHA",
        0x0006: "RSA_EXPORT_WITH_RC2_CBC_40_MD5", 0x0008: "RSA_EXPORT_WITH_DES40_CBC_SHA",
        0x0009: "RSA_WITH_DES_CBC_SHA", 0x000A: "RSA_WITH_3DES_EDE_CBC_SHA", 0x0016: "DHE_RSA_WITH_3DES_EDE_CBC_SHA",
        0x0018: "DH_anon_WITH_RC4_128_MD5", 0x002F: "RSA_WITH_AES_128_CBC_SHA", 0x0032: "DHE_DSS_WITH_AES_128_CBC_SHA",
        0x0033: "DHE_RSA_WITH_AES_128_CBC_SHA", 0x0034: "DH_anon_WITH_AES_128_CBC_SHA",
        0x0035: "RSA_WITH_AES_256_CBC_SHA", 0x0038: "DHE_DSS_WITH_AES_256_CBC_SHA",
        0x0039: "DHE_RSA_WITH_AES_256_CBC_SHA", 0x003A: "DH_anon_WITH_AES_256_CBC_SHA", 0x003B: "RSA_WITH_NULL_SHA256",
        0x003C: "RSA_WITH_AES_128_CBC_SHA256", 0x003D: "RSA_WITH_AES_256_CBC_SHA256",
        0x0067: "DHE_RSA_WITH_AES_128_CBC_SHA256", 0x006B: "DHE_RSA_WITH_AES_256_CBC_SHA256",
        0x008C: "PSK_WITH_AES_128_CBC_SHA", 0x008D: "PSK_WITH_AES_256_CBC_SHA", 0x009C: "RSA_WITH_AES_128_GCM_SHA256",
        0x009D: "RSA_WITH_AES_256_GCM_SHA384", 0x009E: "DHE_RSA_WITH_AES_128_GCM_SHA256",
        0x009F: "DHE_RSA_WITH_AES_256_GCM_SHA384", 0x00A8: "PSK_WITH_AES_128_GCM_SHA256",
        0x00AE: "PSK_WITH_AES_128_CBC_SHA256", 0xC0A8: "PSK_WITH_AES_128_CCM_8",
        0xC0AE: "ECDHE_ECDSA_WITH_AES_128_CCM_8", 0xCCA8: "ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        0xCCA9: "ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", 0xCCAA: "DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    }  # fmt: skip
    bulk = ("NULL_SHA", "RC4_128_SHA", "3DES_EDE_CBC_SHA", "AES_128_CBC_SHA", "AES_256_CBC_SHA")
    for first, key in ((0xC006, "ECDHE_ECDSA"), (0xC010, "ECDHE_RSA")):
        suites |= {first + i: f"{key}_WITH_{kind}" for i, kind in enumerate(bulk)}
    hashed = ("AES_128_{}_SHA256", "AES_256_{}_SHA384")
    for first, mode in ((0xC023, "CBC"), (0xC02B, "GCM")):
        for i, key in enumerate(("ECDHE_ECDSA", "ECDH_ECDSA", "ECDHE_RSA", "ECDH_RSA")):
            suites |= {first + 2 * i + n: f"{key}_WITH_{h.format(mode)}" for n, h in enumerate(hashed)}
    thirteen = ("AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256", "AES_128_CCM_SHA256",
                "AES_128_CCM_8_SHA256")
    suites |= {0x1301 + i: name for i, name in enumerate(thirteen)}
    return {number: f"TLS_{name}" for number, name in suites.items()}


CIPHERS = _suites()
