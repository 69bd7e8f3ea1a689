//! Numbers for texts and values, the same in each process, so that a lake is judged again as it was.
//!
//! Whoever makes two of them equal on purpose makes two points, or two values, look like one: that tells nothing but
//! that values repeat.

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef};

/// What stands for no value.
const NOTHING: u64 = 0x51_7c_c1_b7_27_22_0a_95;

/// Both numbers as one, all bits of which depend on all bits of both (the finaliser of splitmix64, Steele et al. 2014).
#[inline]
pub fn mixed(seed: u64, value: u64) -> u64 {
    let mut z = (seed.rotate_left(23) ^ value).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn text(text: &str) -> u64 {
    let eights = text.as_bytes().chunks(8);
    eights.fold(text.len() as u64, |hash, eight| {
        let mut bytes = [0; 8];
        bytes[..eight.len()].copy_from_slice(eight);
        mixed(hash, u64::from_le_bytes(bytes))
    })
}

/// Mixes a column into the hashes of its rows: texts of any kind, or whole numbers. False if it is something else.
pub fn mix_in(hashes: &mut [u64], column: &ArrayRef) -> bool {
    if let Some(dictionary) = column.as_any_dictionary_opt() {
        // A text that repeats is hashed once.
        let Some(values) = of_texts(dictionary.values()) else {
            return false;
        };
        if values.is_empty() {
            mix(hashes, std::iter::repeat(NOTHING));
            return true;
        }
        let keys = dictionary.normalized_keys();
        let value = |row: usize| (!column.is_null(row)).then(|| values[keys[row]]);
        mix(hashes, (0..column.len()).map(|row| value(row).unwrap_or(NOTHING)));
    } else if let Some(values) = of_texts(column) {
        mix(hashes, values);
    } else if let Some(numbers) = column.as_primitive_opt::<Int64Type>() {
        mix(
            hashes,
            numbers.iter().map(|v| v.map_or(NOTHING, i64::cast_unsigned)),
        );
    } else {
        return false;
    }
    true
}

fn mix(hashes: &mut [u64], values: impl IntoIterator<Item = u64>) {
    for (hash, value) in hashes.iter_mut().zip(values) {
        *hash = mixed(*hash, value);
    }
}

fn of_texts(column: &ArrayRef) -> Option<Vec<u64>> {
    let hash = |value: Option<&str>| value.map_or(NOTHING, text);
    if let Some(texts) = column.as_string_opt::<i32>() {
        return Some(texts.iter().map(hash).collect());
    }
    if let Some(texts) = column.as_string_opt::<i64>() {
        return Some(texts.iter().map(hash).collect());
    }
    Some(column.as_string_view_opt()?.iter().map(hash).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::types::Int32Type;
    use arrow_array::{DictionaryArray, Int64Array, LargeStringArray, StringArray, StringViewArray};

    use super::*;

    #[test]
    fn a_text_has_one_number_whatever_holds_it() {
        let texts = vec![Some("a"), None, Some("pressure of pump 7"), Some(""), Some("a")];
        let dictionary: DictionaryArray<Int32Type> = texts.iter().copied().collect();
        let columns: [ArrayRef; 4] = [
            Arc::new(StringArray::from(texts.clone())),
            Arc::new(LargeStringArray::from(texts.clone())),
            Arc::new(StringViewArray::from(texts.clone())),
            Arc::new(dictionary),
        ];
        let hashes = columns.map(|column| {
            let mut hashes = vec![0; 5];
            assert!(mix_in(&mut hashes, &column));
            hashes
        });
        assert!(hashes.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(hashes[0][0], hashes[0][4]);
        let distinct: std::collections::HashSet<_> = hashes[0].iter().collect();
        assert_eq!(distinct.len(), 4);
    }

    #[test]
    fn a_dictionary_without_texts_holds_nothing() {
        let dictionary: DictionaryArray<Int32Type> = [None::<&str>, None].into_iter().collect();
        let columns: [ArrayRef; 2] = [
            Arc::new(dictionary),
            Arc::new(StringArray::from(vec![None::<&str>, None])),
        ];
        let hashes = columns.map(|column| {
            let mut hashes = vec![7; 2];
            assert!(mix_in(&mut hashes, &column));
            hashes
        });
        assert_eq!(hashes[0], hashes[1]);
    }

    #[test]
    fn numbers_count_and_other_columns_are_refused() {
        let mut hashes = vec![0; 3];
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(0)]));
        assert!(mix_in(&mut hashes, &numbers));
        assert!(hashes[0] != hashes[1] && hashes[1] != hashes[2]);
        let other: ArrayRef = Arc::new(arrow_array::Float64Array::from(vec![1.0, 2.0, 3.0]));
        assert!(!mix_in(&mut hashes, &other));
    }
}
