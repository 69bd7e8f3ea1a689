//! Fields as text, as the records have them.

use super::{Field, Told, Value, What};
use crate::ops::Role;
use crate::sensor::Sensor;
use crate::text::{self, Render};

/// A field for who looks at it: what sort of name it has, the name, a number if it is one, and the text.
#[derive(Debug, Default, PartialEq)]
pub struct Shown {
    pub sort: &'static str,
    pub name: String,
    pub number: Option<i64>,
    pub text: Option<String>,
}

impl Sensor {
    pub fn role_name(role: Role) -> &'static str {
        match role {
            Role::Request => "request",
            Role::Response => "response",
            Role::Report => "report",
            Role::Notify => "notify",
        }
    }

    /// A field of what was told, with the names and renderings of its protocol's columns.
    pub fn shown(&self, told: &Told, field: &Field) -> Shown {
        let (sort, name) = match field.what {
            What::Slot(slot) => ("slot", self.slot_name(told.proto, slot).to_owned()),
            What::Label(name) => ("label", self.name(name).to_owned()),
            What::Value(area, None) => ("value", self.name(area).to_owned()),
            What::Value(area, Some(n)) => ("value", format!("{} {n}", self.name(area)).trim().to_owned()),
            What::Rich(tag) => ("rich", self.name(tag).to_owned()),
        };
        let (number, text) = match &field.value {
            Value::Number(n) => (Some(*n), self.said_of(told.proto, field.what, *n)),
            Value::Float(x) => (None, Some(x.to_string())),
            Value::Text(text) => (None, Some(text.clone())),
            Value::Bytes(bytes) => (None, Some(self.bytes_as_text(told.proto, field.what, bytes))),
        };
        Shown {
            sort,
            name,
            number,
            text,
        }
    }

    /// What a number means, or how it is written, if that is not in decimal.
    fn said_of(&self, proto: usize, what: What, number: i64) -> Option<String> {
        let What::Slot(slot) = what else { return None };
        let proto = self.core.spec.protos.get(proto)?;
        let columns = proto
            .natives
            .texts_of(slot)
            .iter()
            .filter_map(|&i| proto.natives.columns.get(i));
        columns.clone().find_map(|c| c.names.get(number)).map_or_else(
            || {
                let render = columns.map(|c| c.render).find(|r| !matches!(r, Render::Dec))?;
                let mut out = String::new();
                text::number(number, render, &mut out);
                Some(out)
            },
            |name| Some(self.name(name).to_owned()),
        )
    }

    fn bytes_as_text(&self, proto: usize, what: What, bytes: &[u8]) -> String {
        let render = match what {
            What::Slot(slot) => self.core.spec.protos.get(proto).and_then(|p| {
                let column = p
                    .natives
                    .texts_of(slot)
                    .first()
                    .and_then(|&i| p.natives.columns.get(i));
                column.map(|c| c.render)
            }),
            _ => None,
        };
        let render = render.unwrap_or_else(|| if is_text(bytes) { Render::Text } else { Render::Hex });
        let mut out = String::new();
        text::bytes(bytes, render, &mut out);
        out
    }
}

fn is_text(bytes: &[u8]) -> bool {
    let plain = |c: char| !c.is_control() || matches!(c, '\t' | '\r' | '\n' | '\0');
    std::str::from_utf8(bytes).is_ok_and(|t| t.chars().all(plain) && t.chars().any(|c| c != '\0'))
}
