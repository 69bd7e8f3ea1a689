//! The fields of a few packets with the bytes that they stand in, for Python.

use std::path::PathBuf;
use std::sync::Arc;

use linewarden_capture::{CaptureError, Reader};
use linewarden_sensor::{Field, Options, Piece, Sensor, Spec, Told};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Packet, offset, length.
type Place = (u64, usize, usize);
/// Sort of the name, name, number, text, bytes, bits, whether it follows from another field's bytes, row.
type FieldOut = (
    &'static str,
    String,
    Option<i64>,
    Option<String>,
    Vec<Place>,
    Option<u64>,
    bool,
    u32,
);
/// Why a message was not read to its end, and where.
type Stopped = (String, Option<Place>);
/// Protocol, what became of the bytes, role, verb, bytes, fields, and where it stopped.
type ToldOut = (
    String,
    &'static str,
    &'static str,
    String,
    Vec<Place>,
    Vec<FieldOut>,
    Option<Stopped>,
);

/// The tables, ready to look at packets.
#[pyclass(module = "linewarden._engine", frozen)]
pub struct Fields {
    spec: Arc<Spec>,
}

#[pymethods]
impl Fields {
    #[new]
    fn new(spec: &str) -> PyResult<Self> {
        let spec = Spec::from_json(spec).map_err(|e| PyValueError::new_err(e.to_string()))?;
        Ok(Self { spec: Arc::new(spec) })
    }

    /// What was read of these packets of a small capture. The other packets are read too: a message may need them.
    #[allow(clippy::needless_pass_by_value)] // what Python hands over
    fn of(&self, py: Python<'_>, capture: PathBuf, frames: Vec<u64>) -> PyResult<Vec<ToldOut>> {
        py.detach(|| self.read(&capture, frames))
            .map_err(PyValueError::new_err)
    }
}

impl Fields {
    fn read(&self, capture: &std::path::Path, frames: Vec<u64>) -> Result<Vec<ToldOut>, String> {
        let options = Options {
            shortcuts: false,
            max_flows: 4_096,
            ..Options::default()
        };
        let mut sensor = Sensor::new(self.spec.clone(), options).map_err(|e| e.to_string())?;
        sensor.want(&|_| false);
        sensor.trace(frames);
        let mut reader = Reader::open(capture).map_err(|e| e.to_string())?;
        loop {
            match reader.next() {
                Ok(Some(frame)) => sensor.packet(&frame),
                Ok(None) => break,
                Err(CaptureError::Damaged { .. }) => {}
                Err(error) => return Err(error.to_string()),
            }
            drop((sensor.take_ready(), sensor.take_rich()));
        }
        sensor.finish();
        let told = sensor.traced();
        Ok(told.iter().map(|told| told_out(&sensor, told)).collect())
    }
}

fn told_out(sensor: &Sensor, told: &Told) -> ToldOut {
    let at_end = |(why, place): &(String, Option<Piece>)| (why.clone(), place.as_ref().map(place_of));
    (
        sensor.proto_name(told.proto).to_owned(),
        told.fate.name(),
        Sensor::role_name(told.role),
        sensor.name(told.verb).to_owned(),
        told.pieces.iter().map(place_of).collect(),
        told.fields.iter().map(|f| field_out(sensor, told, f)).collect(),
        told.stopped.as_ref().map(at_end),
    )
}

fn field_out(sensor: &Sensor, told: &Told, field: &Field) -> FieldOut {
    let shown = sensor.shown(told, field);
    let pieces = field.pieces.iter().map(place_of).collect();
    (
        shown.sort,
        shown.name,
        shown.number,
        shown.text,
        pieces,
        field.bits,
        field.derived,
        field.item,
    )
}

fn place_of(piece: &Piece) -> Place {
    (piece.frame, piece.at, piece.len)
}
