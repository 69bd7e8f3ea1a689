//! One column of a row group: rows in, a finished column chunk out.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ListArray};
use arrow_buffer::BooleanBufferBuilder;
use arrow_schema::{DataType, Field};
use bytes::Bytes;
use parquet::basic::{Encoding, PageType};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, PageEncodingStats};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescriptor;

use crate::codec::Squeeze;
use crate::levels::{Levels, Shape, length};
use crate::numbers::{Numbers, is_number};
use crate::options::Compression;
use crate::strings::{Strings, is_string};

/// Levels and bytes at which a page is ended. Small enough for the second-level cache.
const PAGE_LEVELS: usize = 32_768;
const PAGE_BYTES: usize = 1 << 20;
/// Rows that are taken at a time: a page is ended between two such steps.
const STEP: usize = 1024;

/// Values below the levels.
#[derive(Debug)]
enum Leaf {
    Numbers(Box<Numbers>),
    Strings(Box<Strings>),
    Bools(BooleanBufferBuilder),
}

/// Builder of the chunks of one column.
#[derive(Debug)]
pub struct Column {
    levels: Levels,
    list: bool,
    leaf: Leaf,
    squeeze: Squeeze,
    raw: Vec<u8>,
    /// Data pages of this chunk, each with its header.
    pages: Vec<u8>,
    encodings: Vec<(Encoding, i32)>,
    uncompressed: i64,
    count: i64,
    nulls: u64,
}

/// Whether a column of this type can be written.
pub fn is_supported(field: &Field) -> bool {
    let leaf = match field.data_type() {
        DataType::List(item) => item.data_type(),
        other => other,
    };
    *leaf == DataType::Boolean || is_number(leaf) || is_string(leaf)
}

impl Column {
    pub fn new(field: &Field, compression: Compression) -> Option<Self> {
        let (shape, leaf) = match field.data_type() {
            DataType::List(item) => (
                Shape::List {
                    nullable: field.is_nullable(),
                    items_nullable: item.is_nullable(),
                },
                item.data_type(),
            ),
            other => (
                Shape::Flat {
                    nullable: field.is_nullable(),
                },
                other,
            ),
        };
        let values = if *leaf == DataType::Boolean {
            Leaf::Bools(BooleanBufferBuilder::new(0))
        } else if is_string(leaf) {
            Leaf::Strings(Box::default())
        } else {
            Leaf::Numbers(Box::new(Numbers::new(leaf, compression)?))
        };
        Some(Column {
            levels: Levels::new(shape),
            list: matches!(shape, Shape::List { .. }),
            leaf: values,
            squeeze: Squeeze::new(compression),
            raw: Vec::new(),
            pages: Vec::new(),
            encodings: Vec::new(),
            uncompressed: 0,
            count: 0,
            nulls: 0,
        })
    }

    /// Bytes that the column holds.
    pub fn memory(&self) -> usize {
        let leaf = match &self.leaf {
            Leaf::Numbers(numbers) => numbers.memory(),
            Leaf::Strings(strings) => strings.memory(),
            Leaf::Bools(bits) => bits.capacity() / 8,
        };
        leaf + self.levels.memory() + self.pages.capacity() + self.raw.capacity()
    }

    pub fn push(&mut self, array: &dyn Array) -> Result<(), ParquetError> {
        for start in (0..array.len()).step_by(STEP) {
            let rows = STEP.min(array.len() - start);
            let slice = array.slice(start, rows);
            match slice.as_list_opt::<i32>().filter(|_| self.list) {
                Some(list) => self.push_list(list),
                None => {
                    let nulls = slice.logical_nulls().filter(|n| n.null_count() > 0);
                    self.levels.push_flat(rows, nulls.as_ref());
                    push_leaf(&mut self.leaf, &slice);
                }
            }
            let bytes = match &self.leaf {
                Leaf::Strings(strings) => strings.page_bytes(),
                _ => 0,
            };
            if self.levels.count() >= PAGE_LEVELS || bytes >= PAGE_BYTES {
                self.end_page()?;
            }
        }
        Ok(())
    }

    fn push_list(&mut self, list: &ListArray) {
        self.levels.push_list(list);
        let items = list.values();
        let bounds = (list.value_offsets().first(), list.value_offsets().last());
        if list.null_count() == 0
            && let (Some(start), Some(end)) = bounds
        {
            push_leaf(
                &mut self.leaf,
                &items.slice(*start as usize, (end - start) as usize),
            );
            return;
        }
        for (row, start) in list.value_offsets().iter().take(list.len()).enumerate() {
            let length = length(list, row);
            if length > 0 {
                push_leaf(&mut self.leaf, &items.slice(*start as usize, length));
            }
        }
    }

    /// Encodes and compresses the page that was being built.
    fn end_page(&mut self) -> Result<(), ParquetError> {
        if self.levels.count() == 0 {
            return Ok(());
        }
        self.raw.clear();
        self.levels.encode(&mut self.raw);
        let encoding = match &mut self.leaf {
            Leaf::Numbers(numbers) => numbers.encode_page(&mut self.raw),
            Leaf::Strings(strings) => strings.encode_page(&mut self.raw),
            Leaf::Bools(bits) => {
                let bytes = bits.len().div_ceil(8);
                self.raw
                    .extend_from_slice(bits.as_slice().get(..bytes).unwrap_or_default());
                bits.truncate(0);
                Encoding::PLAIN
            }
        };
        let body = self.squeeze.page(&self.raw).map_err(ParquetError::General)?;
        let page = Page::DataPage {
            buf: Bytes::copy_from_slice(body),
            num_values: u32::try_from(self.levels.count())
                .map_err(|e| ParquetError::General(e.to_string()))?,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        self.uncompressed += put_page(&mut self.pages, CompressedPage::new(page, self.raw.len()))?;
        match self.encodings.iter_mut().find(|(known, _)| *known == encoding) {
            Some((_, pages)) => *pages += 1,
            None => self.encodings.push((encoding, 1)),
        }
        self.count += self.levels.count() as i64;
        self.nulls += self.levels.nulls() as u64;
        self.levels.clear();
        Ok(())
    }

    /// Ends the chunk of `rows` rows: its bytes and what the footer says about them.
    pub fn end_chunk(
        &mut self,
        descriptor: &Arc<ColumnDescriptor>,
        rows: u64,
    ) -> Result<(Bytes, ColumnCloseResult), ParquetError> {
        self.end_page()?;
        let nulls = std::mem::take(&mut self.nulls);
        let (dictionary, statistics) = match &mut self.leaf {
            Leaf::Numbers(numbers) => numbers.end_chunk(nulls),
            Leaf::Strings(strings) => strings.end_chunk(nulls),
            Leaf::Bools(_) => (None, Statistics::boolean(None, None, None, Some(nulls), false)),
        };
        let dict_used = self.encodings.iter().any(|(e, _)| *e == Encoding::RLE_DICTIONARY);
        let mut chunk = Vec::new();
        let mut uncompressed = std::mem::take(&mut self.uncompressed);
        if let Some((values, distinct)) = dictionary.filter(|_| dict_used) {
            uncompressed += self.put_dictionary(&mut chunk, &values, distinct)?;
        }
        let data_at = chunk.len();
        if data_at == 0 {
            chunk = std::mem::take(&mut self.pages);
        } else {
            chunk.append(&mut self.pages);
            self.pages = Vec::new();
        }
        // Memory of a column that may rest for long.
        self.raw = Vec::new();
        self.levels.release();
        let metadata = ColumnChunkMetaData::builder(Arc::clone(descriptor))
            .set_compression(self.squeeze.end_chunk())
            .set_num_values(std::mem::take(&mut self.count))
            .set_total_compressed_size(chunk.len() as i64)
            .set_total_uncompressed_size(uncompressed)
            .set_data_page_offset(data_at as i64)
            .set_dictionary_page_offset((data_at > 0).then_some(0))
            .set_statistics(statistics);
        let metadata = self.end_encodings(data_at > 0, metadata).build()?;
        let close = ColumnCloseResult {
            bytes_written: chunk.len() as u64,
            rows_written: rows,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok((Bytes::from(chunk), close))
    }

    fn put_dictionary(
        &mut self,
        chunk: &mut Vec<u8>,
        values: &[u8],
        count: usize,
    ) -> Result<i64, ParquetError> {
        let page = Page::DictionaryPage {
            buf: Bytes::copy_from_slice(self.squeeze.page(values).map_err(ParquetError::General)?),
            num_values: count as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        put_page(chunk, CompressedPage::new(page, values.len()))
    }

    fn end_encodings(
        &mut self,
        dictionary: bool,
        metadata: parquet::file::metadata::ColumnChunkMetaDataBuilder,
    ) -> parquet::file::metadata::ColumnChunkMetaDataBuilder {
        let pages = std::mem::take(&mut self.encodings);
        let mut encodings = vec![Encoding::RLE];
        let mut stats = Vec::new();
        if dictionary {
            encodings.push(Encoding::PLAIN);
            stats.push(PageEncodingStats {
                page_type: PageType::DICTIONARY_PAGE,
                encoding: Encoding::PLAIN,
                count: 1,
            });
        }
        for (encoding, count) in pages {
            encodings.push(encoding);
            stats.push(PageEncodingStats {
                page_type: PageType::DATA_PAGE,
                encoding,
                count,
            });
        }
        metadata.set_encodings(encodings).set_page_encoding_stats(stats)
    }
}

fn push_leaf(leaf: &mut Leaf, array: &dyn Array) {
    match leaf {
        Leaf::Numbers(numbers) => numbers.push(array),
        Leaf::Strings(strings) => strings.push(array),
        Leaf::Bools(bits) => {
            let Some(array) = array.as_boolean_opt() else {
                return;
            };
            match array.nulls().filter(|n| n.null_count() > 0) {
                None => bits.append_buffer(array.values()),
                Some(nulls) => nulls.valid_indices().for_each(|i| bits.append(array.value(i))),
            }
        }
    }
}

/// Appends a page with its header; gives its size before compression, header included.
fn put_page(out: &mut Vec<u8>, page: CompressedPage) -> Result<i64, ParquetError> {
    let mut sink = TrackedWrite::new(std::mem::take(out));
    let written = SerializedPageWriter::new(&mut sink).write_page(page)?;
    *out = sink.into_inner()?;
    Ok(written.uncompressed_size as i64)
}
