//! One Parquet file while it is being written, under its temporary name.

use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;

use crate::column::{Column, is_supported};
use crate::error::LakeError;
use crate::options::Options;

/// Encoded bytes at which a row group is ended, however few its rows.
const GROUP_BYTES: usize = 16 << 20;
/// Size at which a file is closed and the next one begun.
const FILE_BYTES: u64 = 512 << 20;
/// Row groups of a file; Parquet allows 32 767.
const FILE_GROUPS: usize = 16_384;
const CREATED_BY: &str = concat!("linewarden-lake version ", env!("CARGO_PKG_VERSION"));

/// A file under its temporary name; dropped unfinished, it is removed.
pub struct Part {
    schema: SchemaRef,
    tmp: PathBuf,
    name: PathBuf,
    writer: Option<SerializedFileWriter<File>>,
    columns: Vec<Column>,
    group_rows: usize,
    max_group_rows: usize,
    rows: u64,
    memory: usize,
}

/// A complete, synced file that waits for its final name; dropped before that, it is removed.
#[derive(Debug)]
pub struct Finished {
    pub tmp: PathBuf,
    pub name: PathBuf,
    pub rows: u64,
    pub bytes: u64,
}

impl Drop for Finished {
    fn drop(&mut self) {
        // After the rename there is nothing left under this name.
        let _ = fs::remove_file(&self.tmp);
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.writer.take().is_some() {
            let _ = fs::remove_file(&self.tmp);
        }
    }
}

/// Why the columns of a batch cannot be written, if so.
pub fn check_schema(stream: &str, schema: &Schema) -> Result<(), LakeError> {
    match schema.fields().iter().find(|f| !is_supported(f)) {
        None => Ok(()),
        Some(field) => Err(LakeError::Batch {
            stream: stream.to_owned(),
            reason: format!(
                "column {} has type {}: use integers, floats, booleans, timestamps finer than a second, text, \
                 binary, Dictionary(Int32, text) or a List of these",
                field.name(),
                field.data_type()
            ),
        }),
    }
}

/// The schema as it is stored: dictionaries are the strings they stand for.
fn stored_schema(schema: &Schema) -> Schema {
    fn flat(field: &Field) -> Field {
        let data_type = match field.data_type() {
            DataType::Dictionary(_, value) => value.as_ref().clone(),
            DataType::List(item) => DataType::List(Arc::new(flat(item))),
            other => other.clone(),
        };
        Field::new(field.name(), data_type, field.is_nullable())
    }
    Schema::new(schema.fields().iter().map(|f| flat(f)).collect::<Vec<_>>())
}

impl Part {
    pub fn create(
        name: PathBuf,
        tmp: PathBuf,
        schema: SchemaRef,
        options: &Options,
    ) -> Result<Self, LakeError> {
        let descriptor = ArrowSchemaConverter::new()
            .convert(&stored_schema(&schema))
            .map_err(|e| from_parquet(&tmp, e))?;
        let columns: Vec<Column> = schema
            .fields()
            .iter()
            .filter_map(|f| Column::new(f, options.compression))
            .collect();
        let file = File::create(&tmp).map_err(|e| LakeError::io(&tmp, e))?;
        let properties = WriterProperties::builder()
            .set_created_by(CREATED_BY.to_owned())
            .build();
        let writer = SerializedFileWriter::new(file, descriptor.root_schema_ptr(), Arc::new(properties))
            .map_err(|e| from_parquet(&tmp, e))?;
        Ok(Part {
            schema,
            tmp,
            name,
            writer: Some(writer),
            columns,
            group_rows: 0,
            max_group_rows: options.row_group_rows.max(1),
            rows: 0,
            memory: 0,
        })
    }

    /// Bytes held in memory.
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// Whether rows of this schema fit into the file and it is not yet full.
    pub fn accepts(&self, schema: &Schema) -> bool {
        let full = self.writer.as_ref().is_none_or(|w| {
            w.bytes_written() as u64 >= FILE_BYTES || w.flushed_row_groups().len() >= FILE_GROUPS
        });
        let same = |(a, b): (&Arc<Field>, &Arc<Field>)| {
            a.name() == b.name() && a.data_type() == b.data_type() && a.is_nullable() == b.is_nullable()
        };
        let ours = self.schema.fields();
        !full && ours.len() == schema.fields().len() && ours.iter().zip(schema.fields()).all(same)
    }

    pub fn push(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        let mut start = 0;
        while start < batch.num_rows() {
            let rows = (self.max_group_rows - self.group_rows).min(batch.num_rows() - start);
            let slice = batch.slice(start, rows);
            for (column, array) in self.columns.iter_mut().zip(slice.columns()) {
                column.push(array).map_err(|e| from_parquet(&self.tmp, e))?;
            }
            self.group_rows += rows;
            start += rows;
            self.memory = self.columns.iter().map(Column::memory).sum();
            if self.group_rows >= self.max_group_rows || self.memory >= GROUP_BYTES {
                self.end_group()?;
            }
        }
        Ok(())
    }

    /// Writes the row group that was being built.
    pub fn end_group(&mut self) -> Result<(), LakeError> {
        let rows = std::mem::take(&mut self.group_rows) as u64;
        if rows > 0
            && let Some(writer) = &mut self.writer
        {
            write_group(writer, &mut self.columns, rows).map_err(|e| from_parquet(&self.tmp, e))?;
            self.rows += rows;
        }
        self.memory = self.columns.iter().map(Column::memory).sum();
        Ok(())
    }

    /// Completes the file and brings it to the device.
    pub fn finish(mut self) -> Result<Finished, LakeError> {
        self.end_group()?;
        // Not `into_inner`: it makes a text of the error, and that the device is full would not be known any more.
        let sync = |mut writer: SerializedFileWriter<File>| -> Result<u64, ParquetError> {
            writer.finish()?;
            writer.inner().sync_all()?;
            Ok(writer.inner().metadata()?.len())
        };
        let Some(writer) = self.writer.take() else {
            return Err(LakeError::Worker {
                reason: format!("{} is already closed", self.tmp.display()),
            });
        };
        let mut finished = Finished {
            tmp: self.tmp.clone(),
            name: self.name.clone(),
            rows: self.rows,
            bytes: 0,
        };
        finished.bytes = sync(writer).map_err(|e| from_parquet(&self.tmp, e))?;
        Ok(finished)
    }
}

fn write_group(
    writer: &mut SerializedFileWriter<File>,
    columns: &mut [Column],
    rows: u64,
) -> Result<(), ParquetError> {
    let descriptors = writer.schema_descr().columns().to_vec();
    let mut group = writer.next_row_group()?;
    for (column, descriptor) in columns.iter_mut().zip(&descriptors) {
        let (bytes, close) = column.end_chunk(descriptor, rows)?;
        group.append_column(&bytes, close)?;
    }
    group.close()?;
    Ok(())
}

/// The error of the file system inside an error of Parquet, where there is one.
fn from_parquet(path: &std::path::Path, error: ParquetError) -> LakeError {
    let error = match error {
        ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(io) => *io,
            Err(other) => std::io::Error::other(other),
        },
        other => std::io::Error::other(other),
    };
    LakeError::io(path, error)
}
