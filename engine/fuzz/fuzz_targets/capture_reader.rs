//! Any bytes as a capture file: the reader, the link layers and the transport headers.
#![no_main]
#![forbid(unsafe_code)]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use linewarden_capture::{
    CaptureError, Decoded, Reader, Transport, decode, parse_transport, transport_checksum_ok,
};
use linewarden_stream::defrag::{Defragmenter, Key};

/// A small compressed file may hold so many packets that reading them all would count as a hang.
const MAX_PACKETS: u64 = 100_000;
/// Bytes that the fragments of one input may hold.
const MAX_FRAGMENTS: usize = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let Ok(mut reader) = Reader::from_read(Box::new(Cursor::new(data.to_vec())), "fuzz") else {
        return;
    };
    let mut fragments = Defragmenter::new(64, MAX_FRAGMENTS, 30_000_000_000);
    let mut seen = 0;
    while seen < MAX_PACKETS {
        match reader.next() {
            Ok(Some(frame)) => {
                assert_eq!(
                    frame.number,
                    seen + 1,
                    "packets are numbered from 1 without a hole"
                );
                seen = frame.number;
                let mut packet = Decoded::default();
                decode(frame.linktype, frame.data, frame.origlen, &mut packet);
                if let Some(ip) = &packet.ip {
                    let _ = transport_checksum_ok(ip.src, ip.dst, ip.proto, ip.payload);
                    if let Transport::Tcp { payload, .. } | Transport::Udp { payload, .. } =
                        parse_transport(ip.proto, ip.payload, ip.payload_len)
                    {
                        assert!(payload.len() <= frame.data.len());
                    }
                    if let Some(f) = ip.fragment {
                        let key = Key {
                            src: ip.src.0,
                            dst: ip.dst.0,
                            proto: ip.proto,
                            id: f.id,
                            vlan: 0,
                            ipv6: ip.v6,
                        };
                        let _ = fragments.push(key, f.offset, f.more, ip.payload, frame.ts_ns);
                        assert!(fragments.bytes() <= MAX_FRAGMENTS);
                    }
                }
            }
            Ok(None) | Err(CaptureError::Unreadable { .. }) => break,
            Err(_) => {}
        }
    }
});
