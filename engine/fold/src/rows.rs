//! The rows of a table, sorted by key: the order of arrival leaves no trace.

use crate::plan::Field;
use crate::table::Table;
use crate::texts::Texts;
use crate::{Cell, NULL};

/// Rows and the texts in them.
#[derive(Debug, Default)]
pub struct Rows {
    /// The texts that the rows hold, in order.
    texts: Vec<String>,
    cells: Vec<Cell>,
    are_texts: Vec<bool>,
}

/// A value of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    None,
    Number(i64),
    /// The place of a text in [`Rows::texts`].
    Text(usize),
}

impl Rows {
    pub(crate) fn sorted(table: &Table, texts: &Texts) -> Self {
        let are_texts: Vec<bool> = table.fields().iter().map(|f: &Field| f.text).collect();
        let (told, ranks) = ranked(table, &are_texts, texts);
        let mut rows: Vec<Vec<Cell>> = table
            .rows()
            .map(|row| {
                let ranked = row.iter().zip(&are_texts);
                ranked
                    .map(|(&v, &text)| if text && v != NULL { ranks[v as usize] } else { v })
                    .collect()
            })
            .collect();
        // Texts are their ranks now, and no value sorts first: numbers can be compared.
        let keys = table.keys();
        rows.sort_unstable_by(|a, b| keys.iter().map(|&k| a[k]).cmp(keys.iter().map(|&k| b[k])));
        Self {
            texts: told,
            cells: rows.concat(),
            are_texts,
        }
    }

    #[must_use]
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Row by row.
    pub fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = Value>> {
        self.cells.chunks_exact(self.are_texts.len().max(1)).map(|row| {
            row.iter().zip(&self.are_texts).map(|(&v, &text)| match v {
                NULL => Value::None,
                v if text => Value::Text(v as usize),
                v => Value::Number(v),
            })
        })
    }
}

/// The texts of a table in order, and the place of each by its number.
fn ranked(table: &Table, are_texts: &[bool], texts: &Texts) -> (Vec<String>, Vec<Cell>) {
    let mut ranks = vec![NULL; texts.len()];
    let mut used = Vec::new();
    for row in table.rows() {
        for (&v, _) in row.iter().zip(are_texts).filter(|&(&v, &text)| text && v != NULL) {
            if std::mem::replace(&mut ranks[v as usize], 0) == NULL {
                used.push(v);
            }
        }
    }
    used.sort_unstable_by(|&a, &b| texts.get(a).cmp(texts.get(b)));
    for (rank, &v) in (0..).zip(&used) {
        ranks[v as usize] = rank;
    }
    (used.iter().map(|&v| texts.get(v).to_owned()).collect(), ranks)
}
