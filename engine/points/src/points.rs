//! All points that are remembered.

use hashbrown::HashMap;

use crate::point::Point;

/// How long it must last, and how lively it must have been before; see `values_repeated.py`.
#[derive(Debug, Clone, Copy)]
pub struct Params {
    pub replayed: usize,
    pub distinct: usize,
    pub still: u64,
    pub still_s: f64,
    pub lively: f64,
    pub known: u64,
}

/// A reading of a point: `by_turn`, `by_hash` say of which samples it is one.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    pub point: u64,
    pub ts: i64,
    pub hash: u64,
    pub sum: f64,
    pub frame: i64,
    pub by_turn: bool,
    pub by_hash: bool,
}

/// What was found, and at which of the readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Still(usize),
    /// With the packets that followed an earlier sequence.
    Replayed(usize, Vec<i64>),
}

impl Found {
    /// The number of the reading that decides it.
    #[must_use]
    pub fn reading(&self) -> usize {
        match self {
            Self::Still(reading) | Self::Replayed(reading, _) => *reading,
        }
    }
}

/// Points by number; of more than `most` the least recently used is forgotten.
#[derive(Debug)]
pub struct Points {
    params: Params,
    most: usize,
    /// Each with the turn in which it was used last.
    held: HashMap<u64, (u64, Point)>,
    turn: u64,
}

impl Points {
    #[must_use]
    pub fn new(params: Params, most: usize) -> Self {
        Self {
            params,
            most,
            held: HashMap::new(),
            turn: 0,
        }
    }

    /// Takes readings in the order of time, wherever they are cut; what is found stands by point, in the order of their
    /// first readings.
    pub fn look(&mut self, readings: &[Reading]) -> Vec<Found> {
        let mut order: Vec<Vec<usize>> = Vec::new();
        let mut places: HashMap<u64, usize> = HashMap::new();
        for (number, reading) in readings.iter().enumerate() {
            let place = *places.entry(reading.point).or_insert_with(|| {
                order.push(Vec::new());
                order.len() - 1
            });
            order[place].push(number);
        }
        let mut found = Vec::new();
        for own in order {
            self.look_at(readings, &own, &mut found);
        }
        found
    }

    fn look_at(&mut self, readings: &[Reading], own: &[usize], found: &mut Vec<Found>) {
        let key = readings[own[0]].point;
        let params = self.params;
        let point = self.at(key);
        for &number in own {
            let reading = &readings[number];
            if reading.by_turn && point.stands(reading, &params) {
                found.push(Found::Still(number));
                *point = Point::default(); // it has to become lively again first
            } else if reading.by_hash
                && let Some(frames) = point.follows(reading, &params)
            {
                found.push(Found::Replayed(number, frames));
            }
        }
    }

    fn at(&mut self, key: u64) -> &mut Point {
        self.turn += 1;
        if self.held.len() >= self.most && !self.held.contains_key(&key) {
            let oldest = self
                .held
                .iter()
                .min_by_key(|(_, (turn, _))| *turn)
                .map(|(&key, _)| key);
            if let Some(oldest) = oldest {
                self.held.remove(&oldest);
            }
        }
        let held = self.held.entry(key).or_default();
        held.0 = self.turn;
        &mut held.1
    }
}
