//! Numeric values of a column: a page of them at a time, as dictionary indices, deltas or split bytes.

use arrow_array::cast::AsArray;
use arrow_array::types as t;
use arrow_array::{Array, ArrowPrimitiveType};
use arrow_schema::{DataType, TimeUnit};
use parquet::basic::Encoding;
use parquet::file::statistics::Statistics;

use crate::dict::{Bits, NumberDict};
use crate::rle::{hybrid, width_of};
use crate::{delta, options::Compression};

/// Chunks after which the choice of encoding is made anew.
const RETRY: u32 = 8;
/// Values of the first page on which the encodings are compared.
const SAMPLE: usize = 4096;

/// Kind of a numeric column.
#[derive(Debug, Clone, Copy)]
struct Kind {
    bits: Bits,
    /// Four bytes in Parquet, else eight.
    narrow: bool,
    unsigned: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Undecided,
    Dictionary,
    Fallback,
}

/// Values of a numeric column.
#[derive(Debug)]
pub struct Numbers {
    kind: Kind,
    /// The page being built, without a dictionary: integers widened, floating point numbers as their bits.
    page: Vec<i64>,
    /// The page being built, with one.
    indices: Vec<u32>,
    way: Way,
    chunks: u32,
    dict: NumberDict,
    limits: Option<(i64, i64)>,
    compression: Compression,
}

/// Whether `data_type` is written by [`Numbers`].
pub fn is_number(data_type: &DataType) -> bool {
    kind_of(data_type).is_some()
}

fn kind_of(data_type: &DataType) -> Option<Kind> {
    let (bits, narrow, unsigned) = match data_type {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Date32 => (Bits::Int, true, false),
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => (Bits::Int, true, true),
        DataType::Int64 => (Bits::Int, false, false),
        // Seconds have no Parquet type of their own and would have to be scaled.
        DataType::Timestamp(TimeUnit::Second, _) => return None,
        DataType::Timestamp(_, _) => (Bits::Int, false, false),
        DataType::UInt64 => (Bits::Int, false, true),
        DataType::Float32 => (Bits::Float, true, false),
        DataType::Float64 => (Bits::Double, false, false),
        _ => return None,
    };
    Some(Kind {
        bits,
        narrow,
        unsigned,
    })
}

impl Numbers {
    pub fn new(data_type: &DataType, compression: Compression) -> Option<Self> {
        let kind = kind_of(data_type)?;
        Some(Numbers {
            kind,
            page: Vec::new(),
            indices: Vec::new(),
            way: Way::Undecided,
            chunks: 0,
            dict: NumberDict::new(kind.bits),
            limits: None,
            compression,
        })
    }

    pub fn memory(&self) -> usize {
        self.page.capacity() * 8 + self.indices.capacity() * 4 + self.dict.memory()
    }

    pub fn push(&mut self, array: &dyn Array) {
        match array.data_type() {
            DataType::Int8 => self.take::<t::Int8Type>(array, i64::from),
            DataType::Int16 => self.take::<t::Int16Type>(array, i64::from),
            DataType::Int32 => self.take::<t::Int32Type>(array, i64::from),
            DataType::Int64 => self.take::<t::Int64Type>(array, |v| v),
            DataType::UInt8 => self.take::<t::UInt8Type>(array, i64::from),
            DataType::UInt16 => self.take::<t::UInt16Type>(array, i64::from),
            DataType::UInt32 => self.take::<t::UInt32Type>(array, i64::from),
            DataType::UInt64 => self.take::<t::UInt64Type>(array, |v| v as i64),
            DataType::Float32 => self.take::<t::Float32Type>(array, |v| i64::from(v.to_bits())),
            DataType::Float64 => self.take::<t::Float64Type>(array, |v| v.to_bits() as i64),
            DataType::Date32 => self.take::<t::Date32Type>(array, i64::from),
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                self.take::<t::TimestampMillisecondType>(array, |v| v);
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                self.take::<t::TimestampMicrosecondType>(array, |v| v);
            }
            _ => self.take::<t::TimestampNanosecondType>(array, |v| v),
        }
    }

    /// Takes values into the page: where the chunk has a dictionary, their indices at once.
    fn take<T: ArrowPrimitiveType>(&mut self, array: &dyn Array, widen: impl Fn(T::Native) -> i64) {
        let Some(array) = array.as_primitive_opt::<T>() else {
            return;
        };
        let values = array.values();
        let whole = array.null_count() == 0;
        if whole && self.way == Way::Dictionary && self.page.is_empty() {
            if self.dict.map(values.iter().map(|v| widen(*v)), &mut self.indices) {
                return;
            }
            self.give_up();
        }
        match array.nulls().filter(|_| !whole) {
            None => self.page.extend(values.iter().map(|v| widen(*v))),
            Some(nulls) => {
                let there = nulls.valid_indices().filter_map(|i| values.get(i));
                self.page.extend(there.map(|v| widen(*v)));
            }
        }
    }

    /// There are too many values for a dictionary: what is in the page goes without.
    fn give_up(&mut self) {
        self.way = Way::Fallback;
        let values = self.dict.values();
        let mapped = self.indices.drain(..);
        let mut page: Vec<i64> = mapped.filter_map(|i| values.get(i as usize).copied()).collect();
        page.append(&mut self.page);
        self.page = page;
    }

    /// Appends the values of the page and says how they are encoded.
    pub fn encode_page(&mut self, out: &mut Vec<u8>) -> Encoding {
        if self.page.is_empty() && self.indices.is_empty() {
            return Encoding::PLAIN; // Only nulls: nothing that a dictionary could be made of.
        }
        if self.way == Way::Undecided {
            self.way = self.choose();
        }
        if self.way == Way::Dictionary {
            if self.dict.map(self.page.iter().copied(), &mut self.indices) {
                indices(out, &self.indices, self.dict.values().len());
                self.page.clear();
                self.indices.clear();
                return Encoding::RLE_DICTIONARY;
            }
            self.give_up();
        }
        self.widen_limits();
        let encoding = self.plain_page(out);
        self.page.clear();
        encoding
    }

    fn plain_page(&self, out: &mut Vec<u8>) -> Encoding {
        match self.kind.bits {
            Bits::Int => {
                delta::encode(out, &self.page, self.kind.narrow);
                Encoding::DELTA_BINARY_PACKED
            }
            _ if self.compression == Compression::None => {
                plain(out, &self.page, self.kind.narrow);
                Encoding::PLAIN
            }
            _ => {
                let bytes = if self.kind.narrow { 4 } else { 8 };
                for byte in 0..bytes {
                    out.extend(self.page.iter().map(|v| (v >> (8 * byte)) as u8));
                }
                Encoding::BYTE_STREAM_SPLIT
            }
        }
    }

    /// Compares a dictionary with the other encoding on the first values of a chunk.
    fn choose(&self) -> Way {
        let sample = self.page.get(..SAMPLE).unwrap_or(&self.page);
        let mut dict = NumberDict::new(self.kind.bits);
        let mut mapped = Vec::new();
        if !dict.map(sample.iter().copied(), &mut mapped) {
            return Way::Fallback;
        }
        let distinct = dict.values();
        if self.kind.bits != Bits::Int {
            let small = dict.direct_count();
            let many = distinct.len() - small > sample.len() / 2 && sample.len() > 64;
            return if many { Way::Fallback } else { Way::Dictionary };
        }
        if distinct.len() * 2 > sample.len() {
            return Way::Fallback;
        }
        let (mut by_dict, mut by_delta) = (Vec::new(), Vec::new());
        indices(&mut by_dict, &mapped, distinct.len());
        delta::encode(&mut by_delta, sample, self.kind.narrow);
        if by_dict.len() < by_delta.len() {
            Way::Dictionary
        } else {
            Way::Fallback
        }
    }

    /// The limits of a page without a dictionary.
    fn widen_limits(&mut self) {
        self.limits = self.limits_with(&self.page);
    }

    /// The limits so far and of these values.
    fn limits_with(&self, values: &[i64]) -> Option<(i64, i64)> {
        let Kind { bits, unsigned, .. } = self.kind;
        if bits != Bits::Int || values.is_empty() {
            return self.limits;
        }
        let flip = if unsigned { i64::MIN } else { 0 };
        let fold = |(low, high): (i64, i64), v: &i64| (low.min(v ^ flip), high.max(v ^ flip));
        let none = (i64::MAX, i64::MIN);
        Some(values.iter().fold(self.limits.unwrap_or(none), fold))
    }

    /// Ends the chunk: the dictionary page, when there is one, and the statistics.
    pub fn end_chunk(&mut self, nulls: u64) -> (Option<(Vec<u8>, usize)>, Statistics) {
        self.limits = self.limits_with(self.dict.values());
        let dict = std::mem::replace(&mut self.dict, NumberDict::new(self.kind.bits));
        self.chunks += 1;
        // Memory of a column that may rest for long.
        (self.page, self.indices) = (Vec::new(), Vec::new());
        if self.chunks.is_multiple_of(RETRY) || self.kind.bits != Bits::Int {
            self.way = Way::Undecided;
        }
        let dictionary = (!dict.values().is_empty()).then(|| {
            let mut page = Vec::new();
            plain(&mut page, dict.values(), self.kind.narrow);
            (page, dict.values().len())
        });
        let flip = if self.kind.unsigned { i64::MIN } else { 0 };
        let limits = self.limits.take().map(|(low, high)| (low ^ flip, high ^ flip));
        let (low, high) = (limits.map(|l| l.0), limits.map(|l| l.1));
        let statistics = match (self.kind.bits, self.kind.narrow) {
            (Bits::Float, _) => Statistics::float(None, None, None, Some(nulls), false),
            (Bits::Double, _) => Statistics::double(None, None, None, Some(nulls), false),
            (Bits::Int, true) => {
                let narrow = |v: Option<i64>| v.map(|v| v as i32);
                Statistics::int32(narrow(low), narrow(high), None, Some(nulls), false)
            }
            (Bits::Int, false) => Statistics::int64(low, high, None, Some(nulls), false),
        };
        (dictionary, statistics)
    }
}

fn plain(out: &mut Vec<u8>, values: &[i64], narrow: bool) {
    if narrow {
        out.extend(values.iter().flat_map(|v| (*v as i32).to_le_bytes()));
    } else {
        out.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    }
}

/// Appends dictionary indices with their width before them.
pub fn indices(out: &mut Vec<u8>, indices: &[u32], distinct: usize) {
    let width = width_of(distinct.saturating_sub(1) as u64);
    out.push(width as u8);
    hybrid(out, indices, width);
}
