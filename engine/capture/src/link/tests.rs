use super::*;
use crate::transport::{Transport, parse_transport};
use proptest::prelude::*;

const DST: [u8; 6] = [2, 0, 0, 0, 0, 2];
const SRC: [u8; 6] = [2, 0, 0, 0, 0, 1];
const MACS: Option<Macs> = Some((SRC, DST));

fn run(linktype: u16, data: &[u8]) -> Decoded<'_> {
    let mut out = Decoded {
        malformed: Some("left over"),
        ..Decoded::default()
    };
    decode(LinkType(linktype), data, data.len() as u32, &mut out);
    out
}

fn ethernet(ethertype: u16, payload: &[u8]) -> Vec<u8> {
    [&DST, &SRC, &ethertype.to_be_bytes()[..], payload].concat()
}

fn v4(proto: u8, payload: &[u8]) -> Vec<u8> {
    let mut h = vec![
        0x45, 0, 0, 0, 0x12, 0x34, 0, 0, 64, proto, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
    ];
    h[2..4].copy_from_slice(&(20 + payload.len() as u16).to_be_bytes());
    set_checksum(&mut h);
    h.extend(payload);
    h
}

fn set_checksum(h: &mut [u8]) {
    h[10..12].fill(0);
    let mut sum: u32 = h.chunks(2).map(|w| u32::from(w[0]) << 8 | u32::from(w[1])).sum();
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    h[10..12].copy_from_slice(&(!(sum as u16)).to_be_bytes());
}

fn v6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut h = vec![0x60, 0, 0, 0, 0, 0, next, 63];
    h[4..6].copy_from_slice(&(payload.len() as u16).to_be_bytes());
    h.extend([[0xfd; 1].as_slice(), &[0; 14], &[1]].concat());
    h.extend([[0xfd; 1].as_slice(), &[0; 14], &[2]].concat());
    h.extend(payload);
    h
}

fn udp(dst_port: u16, payload: &[u8]) -> Vec<u8> {
    let length = (8 + payload.len() as u16).to_be_bytes();
    [
        &9999u16.to_be_bytes()[..],
        &dst_port.to_be_bytes(),
        &length,
        &[0, 0],
        payload,
    ]
    .concat()
}

fn is_hello(packet: &Decoded<'_>) -> bool {
    packet.malformed.is_none()
        && packet.ip.as_ref().is_some_and(|ip| {
            let transport = parse_transport(ip.proto, ip.payload, ip.payload_len);
            transport
                == Transport::Udp {
                    src_port: 9999,
                    dst_port: 7,
                    payload: b"hello",
                }
        })
}

fn hello() -> Vec<u8> {
    v4(17, &udp(7, b"hello"))
}

#[test]
fn ipv4_on_ethernet_without_its_padding() {
    let mut frame = ethernet(0x0800, &hello());
    frame.resize(60, 0xee);
    let packet = run(1, &frame);
    assert!(is_hello(&packet));
    assert_eq!(
        (packet.macs, packet.ethertype, packet.vlan, packet.truncated),
        (MACS, 0x0800, None, false)
    );
    let ip = packet.ip.unwrap();
    assert_eq!(
        (ip.src, ip.dst),
        (Addr::v4([10, 0, 0, 1]), Addr::v4([10, 0, 0, 2]))
    );
    assert_eq!(
        (ip.ttl, ip.header_checksum_bad, ip.fragment, ip.payload_truncated),
        (64, false, None, false)
    );
}

#[test]
fn ipv4_faults() {
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut frame = ethernet(0x0800, &hello());
        change(&mut frame);
        let packet = run(1, &frame);
        (
            packet.malformed,
            packet
                .ip
                .map(|ip| (ip.header_checksum_bad, ip.payload.len(), ip.payload_truncated)),
        )
    };
    assert_eq!(with(&|f| f[14] = 0x44), (Some("IPv4_min_header_size"), None));
    assert_eq!(with(&|f| f[14] = 0x75), (Some("unknown_ip_version"), None));
    assert_eq!(with(&|f| f[17] = 19), (Some("invalid_IP_header_size"), None));
    assert_eq!(with(&|f| f[14] = 0x4f), (Some("invalid_IP_header_size"), None));
    assert_eq!(with(&|f| f.truncate(30)), (Some("truncated_IP"), None));
    assert_eq!(
        with(&|f| f.truncate(10)),
        (Some("truncated_ethernet_frame"), None)
    );
    assert_eq!(
        with(&|f| f[17] = 99),
        (Some("truncated_IP_len"), Some((true, 13, true)))
    );
    assert_eq!(with(&|f| f[22] = 63), (None, Some((true, 13, false))));
    // Length 0: a card that cuts segments itself.
    assert_eq!(with(&|f| f[17] = 0), (None, Some((true, 13, false))));
}

#[test]
fn a_frame_cut_by_the_capture_is_no_fault() {
    let frame = ethernet(0x0800, &hello());
    let mut packet = Decoded::default();
    decode(LinkType::ETHERNET, &frame[..40], frame.len() as u32, &mut packet);
    assert!(packet.truncated && packet.malformed.is_none());
    let ip = packet.ip.unwrap();
    assert_eq!(
        (ip.payload.len(), ip.payload_len, ip.payload_truncated),
        (6, 13, true)
    );
}

#[test]
fn options_and_fragments() {
    let mut options = v4(17, &[&[1, 1, 1, 0], udp(7, b"hello").as_slice()].concat());
    options[0] = 0x46;
    set_checksum(&mut options[..24]);
    let frame = ethernet(0x0800, &options);
    assert!(is_hello(&run(1, &frame)) && !run(1, &frame).ip.unwrap().header_checksum_bad);
    let mut piece = v4(47, b"not a GRE header, since this is a later piece");
    piece[6..8].copy_from_slice(&[0x20, 3]);
    let frame = ethernet(0x0800, &piece);
    let packet = run(1, &frame);
    assert_eq!(
        packet.ip.unwrap().fragment,
        Some(Fragment {
            id: 0x1234,
            offset: 24,
            more: true
        })
    );
    assert_eq!((packet.tunnel, packet.malformed), (None, None));
}

#[test]
fn ipv6_extension_headers() {
    let datagram = udp(7, b"hello");
    let ah = [&[17, 2, 0, 0][..], &[0; 12], &datagram].concat();
    let destination = [&[51, 1][..], &[0; 14], &ah].concat();
    let routing = [&[60, 0, 0, 0, 0, 0, 0, 0][..], &destination].concat();
    let hop_by_hop = [&[43, 0, 1, 4, 0, 0, 0, 0][..], &routing].concat();
    let frame = ethernet(0x86dd, &v6(0, &hop_by_hop));
    let packet = run(1, &frame);
    assert!(is_hello(&packet), "{packet:?}");
    let ip = packet.ip.unwrap();
    assert_eq!(
        (ip.src.to_string().as_str(), ip.ttl, ip.v6, ip.payload_len),
        ("fd00::1", 63, true, 13)
    );
    let short = ethernet(0x86dd, &v6(0, &[43, 9, 0, 0]));
    assert_eq!(run(1, &short).malformed, Some("internally_truncated_header"));
}

#[test]
fn ipv6_fragments() {
    let piece = |offset: u16, more: u16| {
        let field = (offset | more).to_be_bytes();
        ethernet(
            0x86dd,
            &v6(
                44,
                &[&[17, 0], &field[..], &[0, 0, 1, 2], &udp(7, b"hello")].concat(),
            ),
        )
    };
    let frame = piece(16, 1);
    let ip = run(1, &frame).ip.unwrap();
    assert_eq!(
        (ip.fragment, ip.proto),
        (
            Some(Fragment {
                id: 258,
                offset: 16,
                more: true
            }),
            17
        )
    );
    assert!(run(1, &piece(0, 1)).ip.unwrap().fragment.is_some());
    assert_eq!(run(1, &piece(0, 0)).ip.unwrap().fragment, None);
}

#[test]
fn vlan_tags() {
    let tagged = |tags: &[(u16, u16)]| {
        let mut data: Vec<u8> = vec![];
        for (i, (kind, id)) in tags.iter().enumerate() {
            if i > 0 {
                data.extend(kind.to_be_bytes());
            }
            data.extend((id | 0xa000).to_be_bytes());
        }
        data.extend(0x0800u16.to_be_bytes());
        data.extend(hello());
        ethernet(tags[0].0, &data)
    };
    let ids = |frame: &[u8]| {
        let p = run(1, frame);
        assert!(is_hello(&p) && p.ethertype == 0x0800);
        (p.vlan, p.inner_vlan, p.priority_tagged)
    };
    assert_eq!(ids(&tagged(&[(0x8100, 7)])), (Some(7), None, false));
    assert_eq!(
        ids(&tagged(&[(0x88a8, 7), (0x8100, 8)])),
        (Some(7), Some(8), false)
    );
    assert_eq!(
        ids(&tagged(&[(0x9100, 7), (0x8100, 8), (0x8100, 9)])),
        (Some(7), Some(8), false)
    );
    assert_eq!(ids(&tagged(&[(0x8100, 0)])), (None, None, true));
    assert_eq!(ids(&tagged(&[(0x8100, 0), (0x8100, 5)])), (Some(5), None, true));
    let cut = ethernet(0x8100, &[0, 1]);
    assert_eq!(run(1, &cut).malformed, Some("truncated_VLAN"));
}

#[test]
fn llc_and_snap() {
    let spanning_tree = ethernet(7, &[0x42, 0x42, 3, 0, 0, 2, 2, 0xee, 0xee]);
    let packet = run(1, &spanning_tree);
    assert_eq!(
        packet.llc,
        Some(Llc {
            dsap: 0x42,
            ssap: 0x42,
            control: 3,
            snap: None
        })
    );
    assert_eq!((packet.ethertype, packet.l2_payload), (0, &[0, 0, 2, 2][..]));
    let numbered = ethernet(5, &[4, 4, 0x02, 0x05, 9]);
    assert_eq!(run(1, &numbered).llc.unwrap().control, 0x0205);
    assert_eq!(run(1, &numbered).l2_payload, [9]);
    let cdp = ethernet(10, &[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0, 1, 2]);
    assert_eq!(run(1, &cdp).llc.unwrap().snap, Some((0x0c, 0x2000)));
    assert_eq!(
        (run(1, &cdp).ethertype, run(1, &cdp).l2_payload),
        (0, &[1, 2][..])
    );
    let ip = [&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0][..], &hello()].concat();
    let snap = ethernet(ip.len() as u16, &ip);
    assert!(is_hello(&run(1, &snap)) && run(1, &snap).ethertype == 0x0800);
    let novell = ethernet(4, &[0xff, 0xff, 0, 4]);
    assert_eq!(
        (run(1, &novell).llc, run(1, &novell).l2_payload),
        (None, &[0xff, 0xff, 0, 4][..])
    );
}

#[test]
fn snap_in_vlan_in_snap_ends() {
    let turn = [0xaa, 0xaa, 3, 0, 0, 0, 0x81, 0x00, 0, 1, 5, 0];
    let frame = ethernet(1500, &turn.repeat(20_000));
    assert_eq!(run(1, &frame).malformed, Some("llc_in_llc"));
}

#[test]
fn raw_loopback_and_ppp() {
    for linktype in [12, 14, 101, 228] {
        assert!(is_hello(&run(linktype, &hello())) && run(linktype, &hello()).ethertype == 0x0800);
    }
    assert!(is_hello(&run(229, &v6(17, &udp(7, b"hello")))));
    let with = |head: &[u8], ip: &[u8]| [head, ip].concat();
    assert!(is_hello(&run(0, &with(&[2, 0, 0, 0], &hello()))));
    assert!(is_hello(&run(0, &with(&[0, 0, 0, 2], &hello()))));
    for family in [24, 28, 30] {
        assert!(is_hello(&run(
            0,
            &with(&[family, 0, 0, 0], &v6(17, &udp(7, b"hello")))
        )));
    }
    assert!(is_hello(&run(108, &with(&[0, 0, 0, 2], &hello()))));
    assert!(is_hello(&run(9, &with(&[0xff, 3, 0, 0x21], &hello()))));
    assert!(is_hello(&run(9, &with(&[0x21], &hello()))));
    assert!(is_hello(&run(
        50,
        &with(&[0xff, 3, 0, 0x57], &v6(17, &udp(7, b"hello")))
    )));
    assert!(is_hello(&run(50, &with(&[0x0f, 0, 8, 0], &hello()))));
    assert!(is_hello(&run(
        51,
        &with(&[0x11, 0, 0, 9, 0, 35, 0, 0x21], &hello())
    )));
    assert_eq!(run(9, &[0xff, 3, 0xc0, 0x21, 1, 2]).l2_payload, [1, 2]);
    assert_eq!(run(60_000, &[1, 2, 3]).l2_payload, [1, 2, 3]);
}

#[test]
fn linux_cooked() {
    let v1 = [&[0, 4, 0, 1, 0, 6][..], &SRC, &[0, 0, 8, 0], &hello()].concat();
    assert!(is_hello(&run(113, &v1)));
    assert_eq!(run(113, &v1).macs, Some((SRC, [0; 6])));
    let v2 = [&[8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 4, 6][..], &SRC, &[0, 0], &hello()].concat();
    assert!(is_hello(&run(276, &v2)));
    assert_eq!(run(276, &v2).macs, Some((SRC, [0; 6])));
    let no_mac = [&[0, 0, 3, 4, 0, 0][..], &[0; 8], &[8, 0], &hello()].concat();
    assert!(is_hello(&run(113, &no_mac)) && run(113, &no_mac).macs.is_none());
    let llc = [&[0, 2, 0, 1, 0, 6][..], &SRC, &[0, 0, 0, 4, 0x42, 0x42, 3, 1]].concat();
    assert_eq!(
        (run(113, &llc).llc.unwrap().dsap, run(113, &llc).l2_payload),
        (0x42, &[1][..])
    );
}

fn wifi(control: u8, flags: u8, addresses: &[[u8; 6]], extra: &[u8], body: &[u8]) -> Vec<u8> {
    let mut all = vec![control, flags, 0, 0];
    all.extend(addresses[..3].concat());
    all.extend([0, 0]);
    all.extend(addresses[3..].concat());
    all.extend(extra);
    all.extend(body);
    all
}

#[test]
fn wireless_data_frames() {
    let body = [&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0][..], &hello()].concat();
    let ap = [9; 6];
    let up = wifi(0x08, 1, &[ap, SRC, DST], &[], &body);
    let down = wifi(0x88, 2, &[DST, ap, SRC], &[0, 0], &body);
    let bridge = wifi(0x88, 3, &[ap, ap, DST, SRC], &[0, 0], &body);
    let direct = wifi(0x08, 0, &[DST, SRC, ap], &[], &body);
    let ordered = wifi(0x88, 0x81, &[ap, SRC, DST], &[0, 0, 1, 2, 3, 4], &body);
    let subframe = [&DST[..], &SRC, &(body.len() as u16).to_be_bytes(), &body].concat();
    let aggregate = wifi(0x88, 1, &[ap, SRC, ap], &[0x80, 0], &subframe);
    for frame in [up.clone(), down, bridge, direct, ordered, aggregate] {
        let packet = run(105, &frame);
        assert!(is_hello(&packet), "{packet:?}");
        assert_eq!(packet.macs, MACS);
    }
    let mut protected = up.clone();
    protected[1] |= 0x40;
    let packet = run(105, &protected);
    assert_eq!((packet.macs, packet.malformed), (MACS, None));
    assert!(packet.ip.is_none());
    let null = wifi(0x48, 1, &[ap, SRC, DST], &[], &[]);
    assert_eq!(run(105, &null).malformed, None);
}

#[test]
fn radiotap_with_and_without_a_check_sequence() {
    let body = [&[0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0xb8][..], b"goose"].concat();
    let frame = wifi(0x88, 1, &[[9; 6], SRC, DST], &[0, 0], &body);
    let plain = [&[0, 0, 8, 0, 0, 0, 0, 0][..], &frame].concat();
    assert_eq!(run(127, &plain).l2_payload, b"goose");
    // Time stamp and flags; flags 0x10: a check sequence follows; 0x20: the header is padded to 4 bytes.
    let head = |flags: u8| [&[0, 0, 17, 0, 3, 0, 0, 0][..], &[7; 8], &[flags]].concat();
    let checked = [head(0x10), frame.clone(), vec![0xfc; 4]].concat();
    assert_eq!(run(127, &checked).l2_payload, b"goose");
    assert_eq!(run(127, &checked).ethertype, 0x88b8);
    let padded_frame = wifi(0x88, 1, &[[9; 6], SRC, DST], &[0, 0, 0xee, 0xee], &body);
    assert_eq!(
        run(127, &[head(0x20), padded_frame].concat()).l2_payload,
        b"goose"
    );
    assert_eq!(
        run(127, &[head(0x40), frame].concat()).malformed,
        Some("bad_wlan_fcs")
    );
    assert_eq!(
        run(127, &[0, 0, 90, 0, 0]).malformed,
        Some("truncated_radiotap_header")
    );
}

#[test]
fn pppoe_keeps_the_outer_addresses() {
    let session = |ppp: &[u8]| {
        let length = (ppp.len() as u16).to_be_bytes();
        let pppoe = [&[0x11, 0, 0x12, 0x34], &length[..], ppp, &[0xee; 9]].concat();
        ethernet(0x8100, &[&[0, 7, 0x88, 0x64][..], &pppoe].concat())
    };
    let frame = session(&[&[0, 0x21][..], &hello()].concat());
    let packet = run(1, &frame);
    assert!(is_hello(&packet));
    assert_eq!(
        (packet.macs, packet.vlan, packet.ethertype),
        (MACS, Some(7), 0x0800)
    );
    let tunnel = packet.tunnel.unwrap();
    assert_eq!(
        (tunnel.kind, tunnel.id, tunnel.outer_src),
        (TunnelKind::Pppoe, 0x1234, None)
    );
    let control = session(&[0xc0, 0x21, 1, 1, 0, 4]);
    assert_eq!(
        (run(1, &control).ethertype, run(1, &control).tunnel),
        (0x8864, None)
    );
}

#[test]
fn mpls_labels_are_stepped_over() {
    let frame = ethernet(0x8847, &[&[0, 1, 0, 9, 0, 2, 1, 9][..], &hello()].concat());
    assert!(is_hello(&run(1, &frame)));
}

fn outer(proto: u8, payload: &[u8]) -> Vec<u8> {
    ethernet(0x0800, &v4(proto, payload))
}

fn inner_frame() -> Vec<u8> {
    let ip = v6(17, &udp(7, b"hello"));
    [&[3; 6][..], &[4; 6], &[0x81, 0, 0, 5, 0x86, 0xdd], &ip].concat()
}

#[test]
fn tunnels_with_ethernet_inside() {
    let frame = inner_frame();
    let join = |head: &[u8]| [head, &frame].concat();
    let vxlan = udp(4789, &join(&[8, 0, 0, 0, 0, 1, 2, 0]));
    let geneve = udp(6081, &join(&[1, 0, 0x65, 0x58, 0, 1, 2, 0, 9, 9, 9, 9]));
    let cases = [
        (outer(17, &vxlan), TunnelKind::Vxlan, 258),
        (outer(17, &geneve), TunnelKind::Geneve, 258),
        (
            outer(
                47,
                &join(&[0xb0, 0, 0x65, 0x58, 1, 1, 0, 0, 0, 0, 1, 2, 0, 0, 0, 1]),
            ),
            TunnelKind::Gre,
            258,
        ),
        (outer(47, &join(&[0, 0, 0x88, 0xbe])), TunnelKind::Erspan, 0),
        (
            outer(
                47,
                &join(&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 7, 9, 2, 0, 0, 0, 0]),
            ),
            TunnelKind::Erspan,
            258,
        ),
        (
            outer(
                47,
                &join(
                    &[
                        &[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 7, 1, 2][..],
                        &[0; 7],
                        &[1],
                        &[0; 8],
                    ]
                    .concat(),
                ),
            ),
            TunnelKind::Erspan,
            258,
        ),
    ];
    for (data, kind, id) in cases {
        let packet = run(1, &data);
        assert!(is_hello(&packet), "{packet:?}");
        assert_eq!((packet.macs, packet.vlan), (Some(([4; 6], [3; 6])), Some(5)));
        let want = Tunnel {
            kind,
            outer_src: Some(Addr::v4([10, 0, 0, 1])),
            outer_dst: Some(Addr::v4([10, 0, 0, 2])),
            id,
            outer_macs: MACS,
            outer_vlan: None,
        };
        assert_eq!(packet.tunnel, Some(want));
    }
    let not_vxlan = outer(17, &udp(4789, &join(&[0; 8])));
    assert_eq!((run(1, &not_vxlan).tunnel, run(1, &not_vxlan).macs), (None, MACS));
}

#[test]
fn tunnels_with_ip_inside() {
    let cases = [
        (outer(4, &hello()), TunnelKind::IpInIp),
        (outer(41, &v6(17, &udp(7, b"hello"))), TunnelKind::IpInIp),
        (
            outer(47, &[&[0, 0, 8, 0][..], &hello()].concat()),
            TunnelKind::Gre,
        ),
        (
            outer(
                47,
                &[
                    &[0x30, 0x81, 0x88, 0x0b, 0, 33, 0, 9][..],
                    &[0; 8],
                    &[0x21],
                    &hello(),
                ]
                .concat(),
            ),
            TunnelKind::Gre,
        ),
    ];
    for (frame, kind) in cases {
        let packet = run(1, &frame);
        assert!(is_hello(&packet), "{packet:?}");
        assert_eq!((packet.macs, packet.tunnel.unwrap().kind), (MACS, kind));
    }
    let weird = |gre: &[u8]| run(1, &outer(47, gre)).malformed;
    assert_eq!(weird(&[0, 0]), Some("truncated_GRE"));
    assert_eq!(weird(&[0, 5, 8, 0]), Some("unknown_gre_version"));
    assert_eq!(weird(&[0x40, 0, 8, 0]), Some("gre_routing"));
}

#[test]
fn tunnels_go_four_deep() {
    let deep = |n| (0..n).fold(hello(), |ip, _| v4(4, &ip));
    let four = ethernet(0x0800, &deep(4));
    assert!(is_hello(&run(1, &four)));
    let five = ethernet(0x0800, &deep(5));
    assert_eq!(run(1, &five).malformed, Some("exceeded_tunnel_max_depth"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes_never_panic(
        linktype in prop::sample::select(vec![0u16, 1, 1, 9, 12, 50, 51, 101, 104, 105, 108, 113, 127, 228, 276, 999]),
        data in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0x45), Just(0x81), Just(0x00), Just(0x2f)], 0..200),
        more in 0..100u32,
    ) {
        let mut packet = Decoded::default();
        decode(LinkType(linktype), &data, data.len() as u32 + more, &mut packet);
        if let Some(ip) = packet.ip {
            let _ = parse_transport(ip.proto, ip.payload, ip.payload_len);
            let _ = crate::checksum::transport_checksum_ok(ip.src, ip.dst, ip.proto, ip.payload);
            prop_assert!(ip.payload.len() <= data.len());
        }
    }

    #[test]
    fn changed_frames_never_panic(
        changes in proptest::collection::vec((0..120usize, any::<u8>()), 1..6),
        proto in prop::sample::select(vec![4u8, 41, 47, 17, 6, 51, 0]),
        cut in 0..60usize,
    ) {
        let inside = udp(4789, &[&[8, 0, 0, 0, 0, 1, 2, 0][..], &inner_frame()].concat());
        let mut frame = outer(proto, &inside);
        for (at, value) in changes {
            if let Some(byte) = frame.get_mut(at) {
                *byte = value;
            }
        }
        frame.truncate(frame.len() - cut.min(frame.len()));
        let _ = run(1, &frame);
        let _ = run(101, frame.get(14..).unwrap_or_default());
    }
}
