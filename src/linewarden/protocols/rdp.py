"""Remote Desktop, the connection request: who asks (cookie), which protection is asked for, chosen or refused.

Source: [MS-RDPBCGR] 2.2.1.1 (request, cookie, negotiation), 2.2.1.2 (confirm); RFC 1006 (TPKT), ITU-T X.224 13.3. One
row a connection. What follows is TLS or the protocol's own encryption and is not read; the cookie is what the client
fills in as the user's name, of nine characters at most in many clients.
"""

from __future__ import annotations

from linewarden.protocols._shared import layout as l
from linewarden.protocols._shared.recognised import word

_REQUEST, _RESPONSE, _FAILURE = 1, 2, 3
_PROTECTION = {0: "rdp", 1: "tls", 2: "credssp", 3: "tls or credssp", 4: "rdstls", 7: "tls, credssp or rdstls",
               8: "credssp early", 11: "tls, credssp or credssp early", 15: "any but rdp"}  # fmt: skip
_FAILURES = {1: "tls_required", 2: "tls_not_allowed", 3: "no_certificate", 4: "inconsistent_flags",
             5: "credssp_required", 6: "tls_with_user_authentication_required"}  # fmt: skip


def _negotiation(kind: int) -> l.Expr:
    return l.both(l.Left() >= 8, l.Peek(1).eq(kind), l.Peek(2, 2, le=True).eq(8))


_HEAD: l.Ops = [
    l.U16("tpkt"), l.U16("length"), l.U8("li"), l.U8("kind"),
    l.Check(l.both(l.F("tpkt").eq(0x0300), l.F("length").eq(l.Size()), (l.F("li") + 5).eq(l.Size()))), l.Skip(5),
]

_ASKED: l.Ops = [
    l.Role("request"),
    l.If(word(b"Cookie: "), [
        l.Until(None, b"mstshash="), l.Until("username", b"\r\n")]),
    l.If(_negotiation(_REQUEST), [l.Skip(4), l.U32("requested", le=True)]), l.Row(),
]

_TOLD: l.Ops = [
    l.Role("response"),
    l.If(_negotiation(_RESPONSE), [l.Skip(4), l.U32("selected", le=True)]),
    l.If(_negotiation(_FAILURE), [l.Skip(4), l.U32("failure", le=True)]), l.Row(),
]

PROTOCOL = l.Protocol(
    name="rdp",
    title="Remote Desktop",
    reference="[MS-RDPBCGR] 2.2.1",
    on=(l.On("tcp", (3389,)),),
    probe=[
        *_HEAD,
        l.Switch("kind", {
            0xE0: [l.Check(l.either(word(b"Cookie: "), word(b"mstshash"), _negotiation(_REQUEST),
                                    l.both(l.OnPort(), l.Left().eq(0)))), l.Hint("request")],
            0xD0: [l.Check(l.either(_negotiation(_RESPONSE), _negotiation(_FAILURE))), l.Hint("response")],
        }, [l.Check(l.Const(0))]),
    ],
    main=[
        l.If(l.both(l.Size() >= 11, l.Peek(2).eq(0x0300), l.Peek(2, 2).eq(l.Size()), (l.Peek(1, 4) + 5).eq(l.Size())), [
            l.Skip(5), l.U8("kind"), l.Skip(5), l.Switch("kind", {0xE0: _ASKED, 0xD0: _TOLD})]),
        l.Drop(),
    ],
    pair=(),
    columns=(
        l.Col("username", "text", "user as the client's cookie says (mstshash)"),
        l.Col("requested", "str", "protection that the client can do", names=_PROTECTION),
        l.Col("selected", "str", "protection that the server chose; null if it refused", names=_PROTECTION),
        l.Col("failure", "str", "why the server refused", names=_FAILURES),
    ),
    unit="none",
)
