//! What is needed of several streams together.

use std::collections::HashMap as StdMap;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use hashbrown::{HashMap, HashSet};
use linewarden_rows::Numbers;

use crate::SECOND;
use crate::numbers::{Written, numbers_of};
use crate::ranges::{Kind, Ranges};
use crate::shown::Shown;
use crate::talk::{Commands, Deeds, Talk, Texts};

/// Beyond these all is learned.
const MOST_ADDRESSES: usize = 4096;
const MOST_WAYS: usize = 15_000;
pub const MOST_RANGES: usize = 20_000;
const HOUR: i64 = 3600 * SECOND;
/// Nobody's own address.
const NOBODY: u32 = 0;

/// Of the baseline (`linewarden.baseline.baseline.Params`).
#[derive(Debug, Clone, Copy)]
pub struct Params {
    pub after_ns: i64,
    pub slice_ns: i64,
    pub exchanges: u64,
    pub minutes: u64,
    pub confidence: f64,
    pub factor: f64,
    pub margin: f64,
    pub floor: f64,
    /// An address with more ways or ranges is learned as a whole: it may have more than a baseline remembers of one.
    pub most_below: usize,
}

#[cfg(test)]
impl Params {
    /// Those of a baseline where nothing else is said.
    pub fn of_tests() -> Self {
        Self {
            after_ns: 600 * SECOND,
            slice_ns: 60 * SECOND,
            exchanges: 10,
            minutes: 3,
            confidence: 0.3,
            factor: 3.0,
            margin: 0.5,
            floor: 0.25,
            most_below: 100,
        }
    }
}

/// How names are read: by address the peer that it is (empty: nobody's own), by target its area; the peer of which only
/// is known what was written to it; the verbs that write, and that of a login.
#[derive(Debug, Default)]
pub struct Names {
    pub peers: StdMap<String, String>,
    pub areas: StdMap<String, String>,
    pub internet: String,
    pub masters: Vec<String>,
    pub login: String,
}

/// Takes what there is of each stream, then says what is needed.
#[derive(Debug)]
pub struct Usual {
    params: Params,
    talks: Vec<Talk>,
    shown: Shown,
    times: Option<(i64, i64)>,
}

/// What is needed, by the places of rows.
#[derive(Debug, PartialEq, Eq)]
pub enum Decided {
    /// Nothing: it was all too short.
    Nothing,
    /// There is too much to leave anything out.
    All,
    /// Some of each talk, and of the readings.
    Some(Vec<Needed>, Vec<u32>),
}

/// The rows of a talk that are needed; the others are only counted.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Needed {
    pub rows: Vec<u32>,
    pub quiet: Vec<Quiet>,
}

/// Rows of a second of which only counts that the network was active: the first, when the last ended, how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    pub row: u32,
    pub until: i64,
    pub count: u64,
}

/// A talk with its ends as the peers that they are.
struct Named<'a> {
    talk: &'a Talk,
    orig: Vec<u32>,
    resp: Vec<u32>,
}

/// What is learned as a whole.
#[derive(Default)]
struct Asked {
    peers: HashSet<u32>,
    /// Devices of which all writes are learned.
    written: HashSet<u32>,
    beats: HashSet<u32>,
}

/// A way that was gone between two ends.
struct Way {
    first: i64,
    masters: bool,
}

impl Usual {
    #[must_use]
    pub fn new(params: Params) -> Self {
        Self {
            params,
            talks: Vec::new(),
            shown: Shown::default(),
            times: None,
        }
    }

    /// Takes connections or commands; its number is the next one, from 0 on.
    pub fn talk(&mut self, talk: Talk) {
        self.heard(&talk.times);
        self.talks.push(talk);
    }

    /// Takes readings: the first ones of each minute, and perhaps some more.
    ///
    /// # Errors
    /// A column is missing, or of another type than the engine's.
    pub fn readings(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        self.shown = Shown::of(batch, &self.params)?;
        let times = std::mem::take(&mut self.shown.times);
        self.heard(&times);
        Ok(())
    }

    /// Something else that is learned was heard at these times (ns).
    pub fn heard(&mut self, times: &[i64]) {
        for &ts in times {
            let (begin, end) = self.times.unwrap_or((ts, ts));
            self.times = Some((begin.min(ts), end.max(ts)));
        }
    }

    /// The addresses of all talks.
    pub fn addresses(&self) -> HashSet<&String> {
        self.talks
            .iter()
            .flat_map(|talk| &talk.ends)
            .flat_map(|end| end.names.iter())
            .collect()
    }

    /// The targets of all commands.
    pub fn targets(&self) -> HashSet<&String> {
        let targets = self.talks.iter().filter_map(|talk| match &talk.deeds {
            Deeds::Commands(commands) => Some(commands.target.names.iter()),
            Deeds::Conns { .. } => None,
        });
        targets.flatten().collect()
    }

    fn early(&self) -> i64 {
        self.params.after_ns / self.params.slice_ns.max(1)
    }

    pub fn decide(&self, names: &Names) -> Decided {
        let (begin, end) = self.times.unwrap_or((0, -1));
        if end - begin < self.params.after_ns {
            return Decided::Nothing;
        }
        if self.addresses().len() > MOST_ADDRESSES {
            return Decided::All;
        }
        let mut peers = Numbers::default();
        peers.of(String::new());
        let internet = peers.of(names.internet.clone());
        let named: Vec<Named> = self
            .talks
            .iter()
            .map(|talk| Named::of(talk, names, &mut peers))
            .collect();
        let ways: Vec<_> = named.iter().map(|named| named.ways(names)).collect();
        let mut asked = Asked {
            peers: self.begun_late(&ways, internet),
            ..Asked::default()
        };
        let too_many = self.shown.blocks.are_too_many()
            || ways.iter().map(HashMap::len).sum::<usize>() > MOST_WAYS
            || named
                .iter()
                .any(|named| self.ask_commands(named, names, &mut asked));
        if too_many {
            return Decided::All;
        }
        let talks = named.iter().map(|named| named.needed(names, &asked)).collect();
        Decided::Some(talks, self.readings_needed())
    }

    /// Ends of a way that was gone first when they had been there for long; and those with very many ways.
    fn begun_late(&self, ways: &[HashMap<[u32; 8], Way>], internet: u32) -> HashSet<u32> {
        let mut ends: HashMap<u32, (i64, i64, usize)> = HashMap::new();
        for (key, way) in ways.iter().flatten() {
            let (orig, resp) = (key[0], key[1]);
            if orig == NOBODY || resp == NOBODY {
                continue;
            }
            // Of all public addresses nothing is known but that something was written to them.
            let of = [(orig, orig != internet), (resp, resp != internet || way.masters)];
            for (who, _) in of.into_iter().filter(|&(_, known)| known) {
                let end = ends.entry(who).or_insert((way.first, way.first, 0));
                *end = (end.0.min(way.first), end.1.max(way.first), end.2 + 1);
            }
        }
        let late = |(begin, end, ways): (i64, i64, usize)| {
            end - begin >= self.params.after_ns || ways > self.params.most_below
        };
        ends.into_iter()
            .filter(|&(_, end)| late(end))
            .map(|(who, _)| who)
            .collect()
    }

    /// Which beats and devices are learned as a whole; true, if these are too many.
    fn ask_commands(&self, named: &Named, names: &Names, asked: &mut Asked) -> bool {
        let Deeds::Commands(commands) = &named.talk.deeds else {
            return false;
        };
        let beats = self.beats(named, commands);
        asked
            .beats
            .extend(beats.left(Kind::Rhythm, &self.params).map(|(key, _)| key));
        let written = self.written(named, commands, names);
        let devices = written.left(Kind::Value, &self.params).map(|(_, who)| who);
        asked.written.extend(devices);
        // The range of what is written holds what all stations wrote.
        let masters = masters(commands, names);
        let by_asked = (0..named.talk.times.len())
            .filter(|&row| {
                masters[commands.verb.cells[row] as usize] && asked.peers.contains(&named.orig[row])
            })
            .map(|row| named.resp[row]);
        asked.written.extend(by_asked);
        beats.are_too_many() || written.are_too_many()
    }

    /// How fast each beat is.
    fn beats(&self, named: &Named, commands: &Commands) -> Ranges {
        let mut found = Ranges::default();
        let keys = named.beats(commands);
        for (row, &key) in keys.iter().enumerate() {
            let (ts, until, count) = (named.talk.times[row], named.talk.until[row], commands.count[row]);
            if count >= 3 && until > ts {
                let every = (until - ts) as f64 / SECOND as f64 / (count - 1) as f64;
                found.add(
                    key,
                    key,
                    ts.div_euclid(self.params.slice_ns),
                    self.early(),
                    &[every],
                );
            }
        }
        found
    }

    /// Each number that was written: by device, target, and place in the block.
    fn written(&self, named: &Named, commands: &Commands, names: &Names) -> Ranges {
        let mut found = Ranges::default();
        let mut keys = Numbers::default();
        let masters = masters(commands, names);
        let units = commands.unit.map(false, |text| text != "0");
        let mut read: HashMap<u32, Written> = HashMap::new();
        for row in 0..named.talk.times.len() {
            let (value, resp) = (commands.value.cells[row], named.resp[row]);
            if value == 0 || resp == NOBODY || !masters[commands.verb.cells[row] as usize] {
                continue;
            }
            let unit = commands.unit.cells[row];
            let unit = if units[unit as usize] { unit } else { 0 };
            let text = || numbers_of(&commands.value.names[value as usize - 1]);
            let values = read.entry(value).or_insert_with(text);
            let mut key = |size: usize| {
                keys.of([
                    resp,
                    commands.protocol.cells[row],
                    unit,
                    commands.target.cells[row],
                    size as u32,
                ])
            };
            let minute = named.talk.times[row].div_euclid(self.params.slice_ns);
            match values {
                Written::Numbers(values) => found.add(key(values.len()), resp, minute, self.early(), values),
                Written::Perhaps => found.add_unsure(key(0), resp, minute),
                Written::Nothing => {}
            }
        }
        found
    }

    fn readings_needed(&self) -> Vec<u32> {
        let news: HashSet<u32> = self.shown.blocks.news(&self.params).collect();
        let rows = self.shown.numbers.iter().zip(&self.shown.keys);
        rows.filter(|(_, key)| news.contains(*key))
            .map(|(&number, _)| number)
            .collect()
    }
}

impl<'a> Named<'a> {
    fn of(talk: &'a Talk, names: &Names, peers: &mut Numbers<String>) -> Self {
        let mut peers_of = |end: &Texts| {
            let peer = |text: &String| peers.of(names.peers.get(text).cloned().unwrap_or_default());
            let by_cell = end.map(NOBODY, peer);
            end.cells.iter().map(|&cell| by_cell[cell as usize]).collect()
        };
        let [orig, resp] = &talk.ends;
        Self {
            orig: peers_of(orig),
            resp: peers_of(resp),
            talk,
        }
    }

    /// What is done between two ends, each with its first time.
    fn ways(&self, names: &Names) -> HashMap<[u32; 8], Way> {
        let mut found = HashMap::new();
        let mut add = |row: usize, how: [u32; 6], masters: bool| {
            let mut key = [self.orig[row], self.resp[row], 0, 0, 0, 0, 0, 0];
            key[2..].copy_from_slice(&how);
            let first = self.talk.times[row];
            found.entry(key).or_insert(Way { first, masters });
        };
        let rows = 0..self.talk.times.len();
        match &self.talk.deeds {
            Deeds::Conns {
                proto, service, port, ..
            } => rows.for_each(|row| {
                let how = [proto.cells[row], service.cells[row], port.cells[row], 0, 0, 0];
                add(row, how, false);
            }),
            Deeds::Commands(commands) => {
                let masters = masters(commands, names);
                let mut areas = Numbers::default();
                let area = |text: &String| areas.of(names.areas.get(text).unwrap_or(text).clone()) + 1;
                let areas = commands.target.map(0, area);
                let login = commands.verb.map(false, |verb| *verb == names.login);
                rows.for_each(|row| {
                    let verb = commands.verb.cells[row];
                    let hour = self.talk.times[row].div_euclid(HOUR).rem_euclid(24) as u32 + 1;
                    let hour = if login[verb as usize] { hour } else { 0 };
                    let area = areas[commands.target.cells[row] as usize];
                    let how = [
                        commands.protocol.cells[row],
                        verb,
                        commands.function.cells[row],
                        area,
                        hour,
                        0,
                    ];
                    add(row, how, masters[verb as usize]);
                });
            }
        }
        found
    }

    /// The beat that each row is of.
    fn beats(&self, commands: &Commands) -> Vec<u32> {
        let mut keys = Numbers::default();
        let key = |row: usize| {
            keys.of([
                self.orig[row],
                self.resp[row],
                commands.protocol.cells[row],
                commands.verb.cells[row],
                commands.function.cells[row],
            ])
        };
        (0..self.talk.times.len()).map(key).collect()
    }

    fn needed(&self, names: &Names, asked: &Asked) -> Needed {
        let (beats, masters) = match &self.talk.deeds {
            Deeds::Commands(commands) => (self.beats(commands), masters(commands, names)),
            Deeds::Conns { .. } => (Vec::new(), Vec::new()),
        };
        let more = |row: usize| match &self.talk.deeds {
            Deeds::Commands(commands) => {
                asked.beats.contains(&beats[row])
                    || masters[commands.verb.cells[row] as usize] && asked.written.contains(&self.resp[row])
            }
            Deeds::Conns { .. } => false,
        };
        let mut found = Needed::default();
        for (row, (orig, resp)) in self.orig.iter().zip(&self.resp).enumerate() {
            if asked.peers.contains(orig) || asked.peers.contains(resp) || more(row) {
                found.rows.push(row as u32);
            } else if *orig != NOBODY && *resp != NOBODY {
                self.count(row, &mut found.quiet);
            }
        }
        found
    }

    /// One more of a second, where slices of time end.
    fn count(&self, row: usize, quiet: &mut Vec<Quiet>) {
        let second = |row: usize| self.talk.times[row].div_euclid(SECOND);
        let (until, count) = (self.talk.until[row], self.talk.count(row));
        match quiet.last_mut() {
            Some(last) if second(last.row as usize) == second(row) => {
                last.until = last.until.max(until);
                last.count += count;
            }
            _ => quiet.push(Quiet {
                row: row as u32,
                until,
                count,
            }),
        }
    }
}

/// Whether a verb writes, by its number.
fn masters(commands: &Commands, names: &Names) -> Vec<bool> {
    commands.verb.map(false, |verb| names.masters.contains(verb))
}
