//! What Python's protocol files compile to, checked once and turned into tables.

mod words;

use hashbrown::HashMap;
use serde_json::Value;

use crate::columns::ColumnType;
use crate::framing::Framing;
use crate::names::{NameId, Names};
use crate::natives::{NativeColumn, Natives};
use crate::ops::{Again, Cases, Expr, MAX_SLOTS, NO_CASE, Op, Program, Slot};
use crate::tables::Labels;
use words::{ask, binary, bytes_of, int, list, render, role, text_of, value_kind, width};

/// A table that cannot run: a mistake in a protocol file.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SpecError(String);

impl SpecError {
    pub(crate) fn columns(stream: &str) -> Self {
        Self(format!(
            "stream {stream} does not have the columns that the engine fills"
        ))
    }
}

type Result<T> = std::result::Result<T, SpecError>;

fn wrong<T>(what: impl Into<String>) -> Result<T> {
    Err(SpecError(what.into()))
}

#[derive(Debug, Clone)]
pub struct ColumnSpec {
    pub name: String,
    pub kind: ColumnType,
    pub nullable: bool,
}

#[derive(Debug, Clone)]
pub struct StreamSpec {
    pub name: String,
    pub columns: Vec<ColumnSpec>,
}

/// Slots that common records are filled from.
#[derive(Debug, Default, Clone, Copy)]
pub struct Special {
    pub start: Option<Slot>,
    pub count: Option<Slot>,
    pub unit: Option<Slot>,
    pub point: Option<Slot>,
    pub status: Option<Slot>,
    pub value: Option<Slot>,
}

#[derive(Debug, Clone)]
pub struct Proto {
    pub name: NameId,
    pub stream: usize,
    pub framing: Framing,
    pub main: Program,
    pub probe: Program,
    pub programs: Vec<Program>,
    pub slots: Vec<String>,
    pub pair: Option<Vec<Slot>>,
    /// Slots that number a dialogue, as bits.
    pub fleeting: u64,
    /// Senders tell of themselves: of made-up senders most of it is only counted.
    pub announces: bool,
    pub anywhere: bool,
    pub confirm: u32,
    pub special: Special,
    pub statuses: Labels,
    pub function: crate::emit::Function,
    pub row: bool,
    pub natives: Natives,
    pub tcp: Vec<u16>,
    pub udp: Vec<u16>,
    pub over_tcp: bool,
    pub over_udp: bool,
}

/// Where traffic is looked for first: (kind, number) to protocols.
#[derive(Debug, Default, Clone)]
pub struct Places {
    pub tcp: HashMap<u16, Vec<usize>>,
    pub udp: HashMap<u16, Vec<usize>>,
    pub eth: HashMap<u32, Vec<usize>>,
    pub llc: HashMap<u32, Vec<usize>>,
    pub snap: HashMap<u64, Vec<usize>>,
    pub ip: HashMap<u32, Vec<usize>>,
    pub tcp_anywhere: Vec<usize>,
    pub udp_anywhere: Vec<usize>,
}

#[derive(Debug, Clone)]
pub struct Spec {
    pub streams: Vec<StreamSpec>,
    pub protos: Vec<Proto>,
    pub places: Places,
    pub(crate) names: Names,
}

impl Spec {
    /// Reads `{"streams": [...], "protocols": [...]}`, the output of `protocols/_shared/compile.py`.
    ///
    /// # Errors
    /// Names the protocol and the operation that cannot run.
    pub fn from_json(text: &str) -> std::result::Result<Self, SpecError> {
        let value: Value = serde_json::from_str(text).map_err(|e| SpecError(e.to_string()))?;
        let mut names = Names::new();
        let mut streams = Vec::new();
        for s in list(&value["streams"])? {
            streams.push(stream(s)?);
        }
        let mut protos = Vec::new();
        let mut places = Places::default();
        for p in list(&value["protocols"])? {
            let name = text_of(&p["name"])?;
            let index = streams.iter().position(|s| s.name == name);
            let Some(index) = index else {
                return wrong(format!("protocol {name} has no stream"));
            };
            let mut reader = Reader::new(&mut names, p)?;
            let proto = reader
                .proto(p, index, &streams[index])
                .map_err(|e| SpecError(format!("protocol {name}: {e}")))?;
            place(&mut places, protos.len(), p, &proto)?;
            protos.push(proto);
        }
        Ok(Self {
            streams,
            protos,
            places,
            names,
        })
    }
}

fn stream(value: &Value) -> Result<StreamSpec> {
    let mut columns = Vec::new();
    for c in list(&value["columns"])? {
        let kind = ColumnType::parse(text_of(&c[1])?);
        let Some(kind) = kind else {
            return wrong(format!("no column type {}", c[1]));
        };
        columns.push(ColumnSpec {
            name: text_of(&c[0])?.to_owned(),
            kind,
            nullable: c[2].as_bool().unwrap_or(true),
        });
    }
    Ok(StreamSpec {
        name: text_of(&value["name"])?.to_owned(),
        columns,
    })
}

fn place(places: &mut Places, index: usize, value: &Value, proto: &Proto) -> Result<()> {
    for on in list(&value["on"])? {
        for id in list(&on[1])? {
            let id = int(id)? as u64;
            match text_of(&on[0])? {
                "tcp" => places.tcp.entry(id as u16).or_default().push(index),
                "udp" => places.udp.entry(id as u16).or_default().push(index),
                "eth" => places.eth.entry(id as u32).or_default().push(index),
                "llc" => places.llc.entry(id as u32).or_default().push(index),
                "snap" => places.snap.entry(id).or_default().push(index),
                "ip" => places.ip.entry(id as u32).or_default().push(index),
                other => return wrong(format!("a protocol cannot live on {other}")),
            }
        }
    }
    if proto.anywhere && proto.over_tcp {
        places.tcp_anywhere.push(index);
    }
    if proto.anywhere && proto.over_udp {
        places.udp_anywhere.push(index);
    }
    Ok(())
}

/// Reads one protocol: knows its slot and program names.
struct Reader<'a> {
    names: &'a mut Names,
    slots: Vec<String>,
    programs: Vec<String>,
    big_endian: bool,
    gathers: u16,
}

impl<'a> Reader<'a> {
    fn new(names: &'a mut Names, value: &Value) -> Result<Self> {
        let programs = value["programs"]
            .as_object()
            .map(|o| o.keys().cloned().collect())
            .unwrap_or_default();
        let big_endian = value["big_endian"].as_bool().unwrap_or(true);
        Ok(Self {
            names,
            slots: Vec::new(),
            programs,
            big_endian,
            gathers: 0,
        })
    }

    fn proto(&mut self, value: &Value, place: usize, stream: &StreamSpec) -> Result<Proto> {
        let name = self.names.intern(text_of(&value["name"])?);
        let main = self.program(&value["main"])?;
        let probe = self.program(&value["probe"])?;
        let mut programs = Vec::new();
        for name in self.programs.clone() {
            programs.push(self.program(&value["programs"][&name])?);
        }
        let pair = match &value["pair"] {
            Value::Null => None,
            list_of_slots => Some(
                list(list_of_slots)?
                    .iter()
                    .map(|s| self.slot(text_of(s)?))
                    .collect::<Result<Vec<_>>>()?,
            ),
        };
        let mut fleeting = 0;
        for name in list(&value["fleeting"])? {
            fleeting |= 1 << self.slot(text_of(name)?)?;
        }
        let mut columns: Vec<NativeColumn> = Vec::new();
        let mut function = None;
        for c in list(&value["columns"])? {
            let column = NativeColumn {
                slot: self.slot(text_of(&c["source"])?)?,
                names: self.name_table(&c["names"])?,
                render: render(text_of(&c["render"])?, text_of(&c["fallback"])?)?,
            };
            if c["name"] == value["function"] {
                function = Some((column.slot, column.names.clone(), column.render));
            }
            columns.push(column);
        }
        let special = self.special(&value["special"])?;
        let ports = |kind: &str| -> Result<(bool, Vec<u16>)> {
            let mut found = (false, Vec::new());
            for on in list(&value["on"])? {
                if on[0] == kind {
                    found.0 = true;
                    for id in list(&on[1])? {
                        found.1.push(int(id)? as u16);
                    }
                }
            }
            Ok(found)
        };
        let ((over_tcp, tcp), (over_udp, udp)) = (ports("tcp")?, ports("udp")?);
        Ok(Proto {
            name,
            stream: place,
            framing: Framing::parse(&value["framing"]).map_err(SpecError)?,
            main,
            probe,
            programs,
            pair,
            fleeting,
            announces: value["announces"].as_bool().unwrap_or(false),
            anywhere: value["anywhere"].as_bool().unwrap_or(true),
            confirm: int(&value["confirm"])? as u32,
            special,
            statuses: self.name_table(&value["statuses"])?,
            function,
            row: value["row"].as_bool().unwrap_or(true),
            natives: Natives::new(columns, stream),
            tcp,
            udp,
            over_tcp,
            over_udp,
            slots: self.slots.clone(),
        })
    }

    fn special(&mut self, value: &Value) -> Result<Special> {
        // A special slot that no program sets stays unknown.
        let find = |name: &str| {
            let wanted = value[name].as_str().unwrap_or(name);
            self.slots.iter().position(|s| s == wanted).map(|i| i as Slot)
        };
        Ok(Special {
            start: find("start"),
            count: find("count"),
            unit: find("unit"),
            point: find("point"),
            status: find("status"),
            value: find("value"),
        })
    }

    fn name_table(&mut self, value: &Value) -> Result<Labels> {
        let name = |pair: &Value| Ok((int(&pair[0])?, self.names.intern(text_of(&pair[1])?)));
        let table: Vec<_> = list(value)?.iter().map(name).collect::<Result<_>>()?;
        Ok(Labels::new(table))
    }

    fn slot(&mut self, name: &str) -> Result<Slot> {
        if let Some(i) = self.slots.iter().position(|s| s == name) {
            return Ok(i as Slot);
        }
        if self.slots.len() >= MAX_SLOTS {
            return wrong(format!("more than {MAX_SLOTS} slots (at {name})"));
        }
        self.slots.push(name.to_owned());
        Ok((self.slots.len() - 1) as Slot)
    }

    fn program(&mut self, value: &Value) -> Result<Program> {
        list(value)?.iter().map(|op| self.op(op)).collect()
    }

    fn opt_slot(&mut self, value: &Value) -> Result<Option<Slot>> {
        if value.is_null() {
            Ok(None)
        } else {
            self.slot(text_of(value)?).map(Some)
        }
    }

    fn opt_expr(&mut self, value: &Value) -> Result<Option<Expr>> {
        if value.is_null() {
            Ok(None)
        } else {
            self.expr(value).map(Some)
        }
    }

    fn little(&self, value: &Value) -> bool {
        value.as_bool().unwrap_or(!self.big_endian)
    }

    fn name(&mut self, value: &Value) -> Result<NameId> {
        if value.is_null() {
            Ok(0)
        } else {
            Ok(self.names.intern(text_of(value)?))
        }
    }

    fn op(&mut self, op: &Value) -> Result<Op> {
        let kind = text_of(&op[0])?;
        self.simple_op(kind, op)
            .and_then(|done| match done {
                Some(op) => Ok(op),
                None => self.block_op(kind, op),
            })
            .map_err(|e| {
                if e.0.contains(" in ") {
                    e
                } else {
                    SpecError(format!("{e} in {kind}"))
                }
            })
    }

    fn simple_op(&mut self, kind: &str, op: &Value) -> Result<Option<Op>> {
        Ok(Some(match kind {
            "Int" => Op::Int {
                slot: self.opt_slot(&op[1])?,
                width: width(&op[2])?,
                le: self.little(&op[3]),
                signed: op[4].as_bool().unwrap_or(false),
            },
            "Skip" => Op::Skip(self.expr(&op[1])?),
            "Seek" => Op::Seek(self.expr(&op[1])?),
            "Bytes" => Op::Bytes {
                slot: self.slot(text_of(&op[1])?)?,
                size: self.opt_expr(&op[2])?,
                join: if op[3].is_null() {
                    None
                } else {
                    Some(bytes_of(&op[3])?)
                },
            },
            "Until" => Op::Until {
                slot: self.opt_slot(&op[1])?,
                delimiter: bytes_of(&op[2])?,
                optional: op[3].as_bool().unwrap_or(false),
            },
            "Header" => Op::Header {
                slot: self.slot(text_of(&op[1])?)?,
                name: bytes_of(&op[2])?,
            },
            "Labels" => Op::Labels(self.slot(text_of(&op[1])?)?),
            "BerLength" => Op::BerLength(self.slot(text_of(&op[1])?)?),
            "BerElements" => Op::BerElements(self.slot(text_of(&op[1])?)?),
            "Let" => Op::Let(self.slot(text_of(&op[1])?)?, self.expr(&op[2])?),
            "Unset" => {
                let mut mask = 0;
                for s in list(&op[1])? {
                    mask |= 1u64 << self.slot(text_of(s)?)?;
                }
                Op::Unset(mask)
            }
            "Label" => Op::Label(self.name(&op[1])?),
            "Stop" => Op::Stop,
            "Later" => Op::Later,
            "Drop" => Op::Drop,
            "Check" => Op::Check(self.expr(&op[1])?, self.name(&op[2])?),
            "Odd" => Op::Odd(self.name(&op[1])?, self.opt_slot(&op[2])?),
            "Role" => Op::Role(role(&op[1])?),
            "Hint" => Op::Hint(role(&op[1])?),
            "Recall" => Op::Recall,
            "Do" => Op::Do {
                verb: self.name(&op[1])?,
                area: self.name(&op[2])?,
            },
            "Area" => Op::Area {
                value: self.expr(&op[1])?,
                names: self.name_table(&op[2])?,
                template: self.name(&op[3])?,
            },
            "Values" => Op::Values {
                kind: value_kind(text_of(&op[1])?)?,
                count: self.opt_expr(&op[2])?,
                le: self.little(&op[3]),
                stride: int(&op[4])? as usize,
                shift: int(&op[5])?.clamp(0, 63) as u32,
                mask: int(&op[6])? as u64,
            },
            "Text" => Op::Text {
                size: self.opt_expr(&op[1])?,
                render: render(text_of(&op[2])?, "")?,
            },
            "Number" => Op::Number(self.expr(&op[1])?),
            "Quality" => Op::Quality(self.expr(&op[1])?, self.name_table(&op[2])?),
            "Row" => Op::Row,
            "Rich" => Op::Rich {
                tag: self.name(&op[1])?,
                again: match (op[2].as_bool(), op[3].as_bool()) {
                    (Some(true), _) => Again::All,
                    (_, Some(true)) => Again::Hourly,
                    _ => Again::NewInFlow,
                },
            },
            "Remember" => Op::Remember {
                name: self.name(&op[1])?,
                value: self.expr(&op[2])?,
                key: self.expr(&op[3])?,
            },
            _ => return Ok(None),
        }))
    }

    fn block_op(&mut self, kind: &str, op: &Value) -> Result<Op> {
        Ok(match kind {
            "If" => Op::If(self.expr(&op[1])?, self.program(&op[2])?, self.program(&op[3])?),
            "Switch" => self.switch(op)?,
            "Within" => Op::Within(self.opt_expr(&op[1])?, self.program(&op[2])?),
            "At" => Op::At(self.expr(&op[1])?, self.program(&op[2])?, self.opt_expr(&op[3])?),
            "Repeat" => Op::Repeat {
                then: self.program(&op[1])?,
                count: self.opt_expr(&op[2])?,
                limit: int(&op[3])? as u32,
            },
            "Call" => {
                let name = text_of(&op[1])?;
                match self.programs.iter().position(|p| p == name) {
                    Some(i) => Op::Call(i),
                    None => return wrong(format!("no program named {name}")),
                }
            }
            "Gather" => {
                self.gathers += 1;
                Op::Gather {
                    id: self.gathers,
                    then: self.program(&op[1])?,
                    last: self.expr(&op[2])?,
                    first: self.opt_expr(&op[3])?,
                    key: self.expr(&op[4])?,
                    limit: int(&op[5])? as usize,
                }
            }
            "CrcBlocks" => Op::CrcBlocks(self.expr(&op[1])?, self.program(&op[2])?),
            other => return wrong(format!("no operation {other}")),
        })
    }

    fn switch(&mut self, op: &Value) -> Result<Op> {
        let on = self.expr(&op[1])?;
        let (mut dense, mut sparse, mut blocks) = (Vec::new(), Vec::new(), Vec::new());
        for case in list(&op[2])? {
            let block = blocks.len() as u16;
            blocks.push(self.program(&case[1])?);
            for key in list(&case[0])? {
                let key = int(key)?;
                if (0..256).contains(&key) {
                    let key = key as usize;
                    if dense.len() <= key {
                        dense.resize(key + 1, NO_CASE);
                    }
                    dense[key] = block;
                } else {
                    sparse.push((key, block));
                }
            }
        }
        sparse.sort_unstable();
        let otherwise = self.program(&op[3])?;
        let cases = Cases {
            dense: dense.into(),
            sparse: sparse.into(),
            blocks: blocks.into(),
            otherwise,
        };
        Ok(Op::Switch(on, Box::new(cases)))
    }

    fn expr(&mut self, value: &Value) -> Result<Expr> {
        Ok(match text_of(&value[0])? {
            "const" => Expr::Const(int(&value[1])?),
            "slot" => Expr::Slot(self.slot(text_of(&value[1])?)?),
            "has" => Expr::Has(self.slot(text_of(&value[1])?)?),
            "bin" => {
                let op = binary(text_of(&value[1])?)?;
                match (self.expr(&value[2])?, self.expr(&value[3])?) {
                    (Expr::Slot(slot), Expr::Const(c)) => Expr::SlotConst(op, slot, c),
                    (a, b) => Expr::Bin(op, Box::new(a), Box::new(b)),
                }
            }
            "among" => {
                let mut values = list(&value[2])?.iter().map(int).collect::<Result<Vec<_>>>()?;
                values.sort_unstable();
                Expr::Among(Box::new(self.expr(&value[1])?), values.into())
            }
            "peek" => Expr::Peek {
                width: width(&value[1])?,
                at: int(&value[2])?,
                le: self.little(&value[3]),
                signed: value[4].as_bool().unwrap_or(false),
                from_start: value[5].as_bool().unwrap_or(false),
            },
            "ask" => Expr::Ask(ask(text_of(&value[1])?)?),
            "known" => Expr::Known {
                name: self.name(&value[1])?,
                key: Box::new(self.expr(&value[2])?),
                default: int(&value[3])?,
            },
            other => return wrong(format!("no expression {other}")),
        })
    }
}
