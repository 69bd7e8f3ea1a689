//! The operations of the table language (see `protocols/_shared/layout.py`, which documents each).

use crate::names::NameId;
use crate::tables::Labels;
use crate::text::Render;

/// Index of a slot in its protocol, below [`MAX_SLOTS`].
pub type Slot = u8;

pub const MAX_SLOTS: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bin {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    And,
    Or,
    Xor,
    Shl,
    Shr,
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    Left,
    Size,
    Pos,
    FromOrig,
    OnPort,
    ToPort,
    DstPort,
    SrcPort,
    IsResponse,
    Item,
    EtherType,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    Const(i64),
    Slot(Slot),
    Has(Slot),
    /// The common case of a mask or comparison with a constant, without a tree.
    SlotConst(Bin, Slot, i64),
    Bin(Bin, Box<Expr>, Box<Expr>),
    Among(Box<Expr>, Box<[i64]>),
    Peek {
        width: u8,
        at: i64,
        le: bool,
        signed: bool,
        from_start: bool,
    },
    Ask(Ask),
    Known {
        name: NameId,
        key: Box<Expr>,
        default: i64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Request,
    Response,
    Report,
    Notify,
}

/// Which of the rich messages that were said before are handed over again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    All,
    /// Those that are not among the last of their flow.
    NewInFlow,
    /// Those that their sender has not said within an hour, in any flow.
    Hourly,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Bit,
    Unsigned(u8),
    Signed(u8),
    F32,
    F64,
}

impl Kind {
    /// Bytes that a value takes; 0 for bits.
    pub fn width(self) -> usize {
        match self {
            Self::Bit => 0,
            Self::Unsigned(w) | Self::Signed(w) => w as usize,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// A switch: a dense table for small keys, a sorted list for others; values are indexes into `blocks`.
#[derive(Debug, Clone)]
pub struct Cases {
    pub dense: Box<[u16]>,
    pub sparse: Box<[(i64, u16)]>,
    pub blocks: Box<[Program]>,
    pub otherwise: Program,
}

pub const NO_CASE: u16 = u16::MAX;

impl Cases {
    pub fn find(&self, key: i64) -> &Program {
        let block = match usize::try_from(key).ok().and_then(|k| self.dense.get(k)) {
            Some(&block) => block,
            None => match self.sparse.binary_search_by_key(&key, |c| c.0) {
                Ok(i) => self.sparse[i].1,
                Err(_) => NO_CASE,
            },
        };
        self.blocks.get(block as usize).unwrap_or(&self.otherwise)
    }
}

pub type Program = Box<[Op]>;

#[derive(Debug, Clone)]
pub enum Op {
    Int {
        slot: Option<Slot>,
        width: u8,
        le: bool,
        signed: bool,
    },
    Skip(Expr),
    Seek(Expr),
    Bytes {
        slot: Slot,
        size: Option<Expr>,
        join: Option<Box<[u8]>>,
    },
    Until {
        slot: Option<Slot>,
        delimiter: Box<[u8]>,
        optional: bool,
    },
    Header {
        slot: Slot,
        name: Box<[u8]>,
    },
    Labels(Slot),
    BerLength(Slot),
    BerElements(Slot),
    Let(Slot, Expr),
    Unset(u64),
    If(Expr, Program, Program),
    Switch(Expr, Box<Cases>),
    Within(Option<Expr>, Program),
    At(Expr, Program, Option<Expr>),
    Repeat {
        then: Program,
        count: Option<Expr>,
        limit: u32,
    },
    Call(usize),
    /// What the next bytes are called, for who looks at them; not in the tables that captures are read with.
    Label(NameId),
    Stop,
    Later,
    Drop,
    Check(Expr, NameId),
    Odd(NameId, Option<Slot>),
    Role(Role),
    Hint(Role),
    Recall,
    Do {
        verb: NameId,
        area: NameId,
    },
    Area {
        value: Expr,
        names: Labels,
        template: NameId,
    },
    Values {
        kind: Kind,
        count: Option<Expr>,
        le: bool,
        stride: usize,
        shift: u32,
        mask: u64,
    },
    Text {
        size: Option<Expr>,
        render: Render,
    },
    Number(Expr),
    Quality(Expr, Labels),
    Row,
    Rich {
        tag: NameId,
        again: Again,
    },
    Gather {
        id: u16,
        then: Program,
        last: Expr,
        first: Option<Expr>,
        key: Expr,
        limit: usize,
    },
    CrcBlocks(Expr, Program),
    Remember {
        name: NameId,
        value: Expr,
        key: Expr,
    },
}
