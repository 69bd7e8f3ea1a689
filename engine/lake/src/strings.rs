//! Text and byte strings of a column: a page of them at a time, as dictionary indices or plain.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{ByteArrayType, Int32Type};
use arrow_array::{Array, ArrayRef, GenericByteArray};
use arrow_schema::DataType;
use parquet::basic::Encoding;
use parquet::data_type::ByteArray;
use parquet::file::statistics::Statistics;

use crate::dict::StringDict;
use crate::numbers::indices;

/// Longest string that is kept as a limit in the statistics.
const LIMIT: usize = 64;
/// Strings from which a page can show that a dictionary does not pay.
const ENOUGH: usize = 512;
const UNSEEN: u32 = u32::MAX;

/// Values of a text or binary column.
#[derive(Debug, Default)]
pub struct Strings {
    dict: StringDict,
    /// The page being built, as indices or, once the dictionary is given up, plain.
    keys: Vec<u32>,
    plain: Vec<u8>,
    given_up: bool,
    /// Pages of this chunk that use the dictionary.
    dict_pages: usize,
    /// Dictionary of the last Arrow array and the index of each of its values.
    source: Option<ArrayRef>,
    remap: Vec<u32>,
}

/// Whether `data_type` is written by [`Strings`].
pub fn is_string(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(key, value) => **key == DataType::Int32 && is_plain(value),
        other => is_plain(other),
    }
}

fn is_plain(data_type: &DataType) -> bool {
    use DataType::{Binary, LargeBinary, LargeUtf8, Utf8};
    matches!(data_type, Utf8 | LargeUtf8 | Binary | LargeBinary)
}

impl Strings {
    pub fn memory(&self) -> usize {
        self.dict.memory() + self.plain.capacity() + (self.keys.capacity() + self.remap.capacity()) * 4
    }

    /// Bytes of the page so far.
    pub fn page_bytes(&self) -> usize {
        self.plain.len()
    }

    pub fn push(&mut self, array: &dyn Array) {
        match array.data_type() {
            DataType::Dictionary(_, _) => self.push_dictionary(array),
            DataType::Utf8 => self.push_plain(array.as_string::<i32>()),
            DataType::LargeUtf8 => self.push_plain(array.as_string::<i64>()),
            DataType::Binary => self.push_plain(array.as_binary::<i32>()),
            DataType::LargeBinary => self.push_plain(array.as_binary::<i64>()),
            _ => {}
        }
    }

    fn push_plain<T: ByteArrayType>(&mut self, array: &GenericByteArray<T>) {
        for value in array.iter().flatten() {
            self.push_one(AsRef::<[u8]>::as_ref(value));
        }
    }

    fn push_one(&mut self, value: &[u8]) {
        if !self.given_up {
            let last = self.keys.last().copied();
            if let Some(key) = last
                .filter(|k| self.dict.get(*k) == value)
                .or_else(|| self.dict.index(value))
            {
                self.keys.push(key);
                return;
            }
            self.give_up();
        }
        put(&mut self.plain, value);
    }

    /// Turns the page so far into plain strings.
    fn give_up(&mut self) {
        self.given_up = true;
        for key in self.keys.drain(..) {
            put(&mut self.plain, self.dict.get(key));
        }
    }

    fn push_dictionary(&mut self, array: &dyn Array) {
        let Some(array) = array.as_dictionary_opt::<Int32Type>() else {
            return;
        };
        let values = array.values();
        if !self.source.as_ref().is_some_and(|s| Arc::ptr_eq(s, values)) {
            self.remap.clear();
            self.source = Some(Arc::clone(values));
        }
        self.remap.resize(values.len(), UNSEEN);
        let nulls = if values.null_count() > 0 {
            array.logical_nulls()
        } else {
            array.nulls().cloned()
        };
        let keys = array.keys().values();
        match nulls.filter(|n| n.null_count() > 0) {
            None => match keys.split_first() {
                Some((first, rest)) if rest.iter().all(|k| k == first) => {
                    self.push_same(values, *first, keys.len());
                }
                _ => self.push_keys(values, keys.iter().copied()),
            },
            Some(nulls) => {
                self.push_keys(values, nulls.valid_indices().filter_map(|i| keys.get(i).copied()));
            }
        }
    }

    /// The same value `n` times, as in the columns that name the sensor and the capture.
    fn push_same(&mut self, values: &ArrayRef, key: i32, n: usize) {
        self.push_keys(values, std::iter::once(key));
        match self.keys.last() {
            Some(&index) if !self.given_up => self.keys.resize(self.keys.len() + n - 1, index),
            _ => self.push_keys(values, std::iter::repeat_n(key, n - 1)),
        }
    }

    #[inline]
    fn push_keys(&mut self, values: &ArrayRef, keys: impl Iterator<Item = i32>) {
        self.keys.reserve(keys.size_hint().0);
        for key in keys {
            match self.remap.get(key as usize) {
                Some(&index) if index != UNSEEN && !self.given_up => self.keys.push(index),
                _ => self.push_key(values, key as usize),
            }
        }
    }

    #[cold]
    fn push_key(&mut self, values: &ArrayRef, key: usize) {
        let value = bytes_at(values, key);
        let before = self.keys.len();
        self.push_one(value);
        if self.keys.len() > before
            && let (Some(slot), Some(index)) = (self.remap.get_mut(key), self.keys.last())
        {
            *slot = *index;
        }
    }

    /// Appends the values of the page and says how they are encoded.
    pub fn encode_page(&mut self, out: &mut Vec<u8>) -> Encoding {
        if self.keys.is_empty() && self.plain.is_empty() {
            return Encoding::PLAIN; // Only nulls: nothing that a dictionary could be made of.
        }
        let few = self.keys.len() < ENOUGH || self.dict.len() * 2 <= self.keys.len();
        if !self.given_up && self.dict_pages == 0 && !few {
            self.give_up();
            self.dict = StringDict::default();
            self.remap.fill(UNSEEN);
        }
        if self.given_up {
            out.append(&mut self.plain);
            return Encoding::PLAIN;
        }
        self.dict_pages += 1;
        indices(out, &self.keys, self.dict.len());
        self.keys.clear();
        Encoding::RLE_DICTIONARY
    }

    /// Ends the chunk: the dictionary page, when there is one, and the statistics.
    pub fn end_chunk(&mut self, nulls: u64) -> (Option<(Vec<u8>, usize)>, Statistics) {
        let state = std::mem::take(self);
        if state.dict_pages == 0 {
            return (None, Statistics::byte_array(None, None, None, Some(nulls), false));
        }
        let mut page = Vec::new();
        state.dict.iter().for_each(|value| put(&mut page, value));
        let limits = (!state.given_up)
            .then(|| (state.dict.iter().min(), state.dict.iter().max()))
            .and_then(|(low, high)| low.zip(high))
            .filter(|(low, high)| low.len() <= LIMIT && high.len() <= LIMIT)
            .map(|(low, high)| (ByteArray::from(low.to_vec()), ByteArray::from(high.to_vec())));
        let (low, high) = limits.unzip();
        (
            Some((page, state.dict.len())),
            Statistics::byte_array(low, high, None, Some(nulls), false),
        )
    }
}

fn put(out: &mut Vec<u8>, value: &[u8]) {
    out.extend_from_slice(&(value.len() as u32).to_le_bytes());
    out.extend_from_slice(value);
}

fn bytes_at(values: &ArrayRef, index: usize) -> &[u8] {
    if index >= values.len() {
        return &[];
    }
    match values.data_type() {
        DataType::Utf8 => values.as_string::<i32>().value(index).as_bytes(),
        DataType::LargeUtf8 => values.as_string::<i64>().value(index).as_bytes(),
        DataType::Binary => values.as_binary::<i32>().value(index),
        DataType::LargeBinary => values.as_binary::<i64>().value(index),
        _ => &[],
    }
}
