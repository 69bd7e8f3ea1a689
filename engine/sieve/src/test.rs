//! What is asked of a row.

use arrow_array::RecordBatch;
use regex::Regex;
use serde::{Deserialize, Deserializer};

use crate::answer::Answer;
use crate::asking;

/// A test in the words of JSON, as in `{"all": [{"number": ["count", null, {"is": ["gt", 2]}]}, {"not": "maybe"}]}`.
///
/// A column comes with what stands for its nulls, if anything does.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// Every row.
    Always,
    /// No row can be told.
    Maybe,
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
    /// A column without value.
    Missing(String),
    Text(String, Option<String>, Text),
    Number(String, Option<i64>, Number),
    Truth(String, Option<bool>),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Text {
    In(Vec<String>),
    Begins(String),
    Has(String),
    #[serde(deserialize_with = "pattern")]
    Matches(Regex),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Number {
    In(Vec<i64>),
    Is(Order, i64),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    Eq,
    Lt,
    LtEq,
    Gt,
    GtEq,
}

fn pattern<'de, D: Deserializer<'de>>(from: D) -> Result<Regex, D::Error> {
    Regex::new(&String::deserialize(from)?).map_err(serde::de::Error::custom)
}

impl Test {
    /// What the rows say.
    pub fn ask(&self, rows: &RecordBatch) -> Answer {
        let count = rows.num_rows();
        let perhaps = || Answer::all(count, true, true);
        let column = |name: &String| rows.column_by_name(name);
        match self {
            Self::Always => Answer::all(count, true, false),
            Self::Maybe => perhaps(),
            Self::All(tests) => tests.iter().fold(Answer::all(count, true, false), |found, test| {
                found.and(&test.ask(rows))
            }),
            Self::Any(tests) => tests.iter().fold(Answer::all(count, false, true), |found, test| {
                found.or(&test.ask(rows))
            }),
            Self::Not(test) => test.ask(rows).negated(),
            Self::Missing(name) => column(name).map_or_else(perhaps, asking::missing),
            Self::Text(name, nulls, test) => column(name)
                .and_then(|c| asking::text(c, nulls.as_deref(), |t| test.holds(t)))
                .unwrap_or_else(perhaps),
            Self::Number(name, nulls, test) => column(name)
                .and_then(|c| asking::number(c, *nulls, |n| test.holds(n)))
                .unwrap_or_else(perhaps),
            Self::Truth(name, nulls) => column(name)
                .and_then(|c| asking::truth(c, *nulls))
                .unwrap_or_else(perhaps),
        }
    }
}

impl Text {
    fn holds(&self, text: &str) -> bool {
        match self {
            Self::In(texts) => texts.iter().any(|t| t == text),
            Self::Begins(part) => text.starts_with(part),
            Self::Has(part) => text.contains(part.as_str()),
            Self::Matches(pattern) => pattern.is_match(text),
        }
    }
}

impl Number {
    fn holds(&self, number: i128) -> bool {
        match self {
            Self::In(numbers) => numbers.iter().any(|&n| i128::from(n) == number),
            Self::Is(order, other) => {
                let (a, b) = (number, i128::from(*other));
                match order {
                    Order::Eq => a == b,
                    Order::Lt => a < b,
                    Order::LtEq => a <= b,
                    Order::Gt => a > b,
                    Order::GtEq => a >= b,
                }
            }
        }
    }
}
