//! Compressed captures, whole, cut short and damaged.

use super::*;

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

/// A capture of some hundred kilobytes that does not compress well.
fn noisy_pcap() -> Vec<u8> {
    let noise: Vec<u8> = (0..200_000u32)
        .flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    let mut file = pcap_header(0xa1b2_c3d4, 1, false);
    noise
        .chunks(100)
        .for_each(|c| file.extend(pcap_record(1_700_000_000, 0, c, false)));
    file
}

fn is_told(faults: &[String]) -> bool {
    matches!(faults, [one] if one.contains("compressed data"))
}

#[test]
fn compressed_files_of_one_or_more_parts() {
    let plain = pcap(500);
    let (head, tail) = plain.split_at(plain.len() / 3);
    let skippable = [0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3].to_vec();
    let files = [
        gzip(&plain),
        [gzip(head), gzip(tail)].concat(),
        zstd(&plain),
        [skippable.clone(), zstd(head), skippable, zstd(tail)].concat(),
    ];
    for file in files {
        let mut reader = open(&file).unwrap();
        assert_eq!(drain(&mut reader), read(&plain));
        assert_eq!(reader.progress(), (file.len() as u64, None));
    }
}

#[test]
fn what_was_there_of_a_file_cut_short_is_given() {
    let plain = noisy_pcap();
    let (whole, _) = read(&plain);
    for packed in [gzip(&plain), zstd(&plain)] {
        let (frames, faults) = read(&packed[..packed.len() / 2]);
        // A block of Zstandard, up to 128 KiB, is there as a whole or not at all.
        let least = whole.len() / 2 - 128 * 1024 / 116 - 1;
        assert!((least..whole.len()).contains(&frames.len()), "{}", frames.len());
        assert!(frames == whole[..frames.len()]);
        assert!(is_told(&faults), "{faults:?}");
    }
}

#[test]
fn a_file_whose_checksum_is_cut_off_gives_all_packets() {
    let plain = noisy_pcap();
    for packed in [gzip(&plain), zstd(&plain)] {
        let (frames, faults) = read(&packed[..packed.len() - 2]);
        assert!(frames == read(&plain).0);
        assert!(is_told(&faults), "{faults:?}");
    }
}

#[test]
fn a_changed_byte_is_told() {
    let plain = noisy_pcap();
    for mut packed in [gzip(&plain), zstd(&plain)] {
        let at = packed.len() / 2;
        packed[at] ^= 1;
        let (frames, faults) = read(&packed);
        assert!(frames.len() > 2_000, "{}", frames.len());
        assert!(is_told(&faults), "{faults:?}");
    }
}
