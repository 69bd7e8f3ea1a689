//! What is asked of a row.

use std::cell::OnceCell;

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
    /// A test, and what stands for a null.
    Filled(Box<Test>, bool),
    /// A column without value.
    Missing(String),
    Text(String, Option<String>, Text),
    Number(String, Option<i64>, Number),
    Truth(String, Option<bool>),
    /// Two columns of whole numbers.
    Columns(String, Order, String),
    /// What several ask, by its number in [`Tests`].
    #[serde(skip)]
    Shared(usize),
}

/// Several tests. What more than one of them asks is asked once.
#[derive(Debug)]
pub struct Tests {
    tests: Vec<Test>,
    shared: Vec<Test>,
}

impl Tests {
    pub fn new(mut tests: Vec<Test>) -> Self {
        let mut names = Vec::new();
        let mut shared = Vec::new();
        tests
            .iter_mut()
            .for_each(|test| test.share(&mut names, &mut shared));
        Self { tests, shared }
    }

    /// What the rows say to each.
    pub fn ask(&self, rows: &RecordBatch) -> Vec<Answer> {
        let known = self.shared.iter().map(|_| OnceCell::new()).collect();
        let asked = Asked {
            rows,
            shared: &self.shared,
            known,
        };
        self.tests.iter().map(|test| test.asked(&asked)).collect()
    }
}

/// Rows, and what they said.
struct Asked<'a> {
    rows: &'a RecordBatch,
    shared: &'a [Test],
    known: Vec<OnceCell<Answer>>,
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
        self.asked(&Asked {
            rows,
            shared: &[],
            known: Vec::new(),
        })
    }

    /// Puts what stands for it in the place of each question.
    fn share(&mut self, names: &mut Vec<String>, shared: &mut Vec<Self>) {
        match self {
            Self::All(tests) | Self::Any(tests) => {
                tests.iter_mut().for_each(|test| test.share(names, shared));
            }
            Self::Not(test) | Self::Filled(test, _) => test.share(names, shared),
            Self::Always | Self::Maybe | Self::Shared(_) => {}
            question => {
                let name = format!("{question:?}");
                let number = names.iter().position(|n| *n == name).unwrap_or(names.len());
                let own = std::mem::replace(question, Self::Shared(number));
                if number == names.len() {
                    names.push(name);
                    shared.push(own);
                }
            }
        }
    }

    fn asked(&self, asked: &Asked<'_>) -> Answer {
        let rows = asked.rows;
        let count = rows.num_rows();
        let perhaps = || Answer::all(count, true, true);
        let column = |name: &String| rows.column_by_name(name);
        match self {
            Self::Always => Answer::all(count, true, false),
            Self::Maybe => perhaps(),
            Self::All(tests) => {
                let mut found = Answer::all(count, true, false);
                for test in tests {
                    found = found.and(&test.asked(asked));
                    if found.is_no(count) {
                        break;
                    }
                }
                found
            }
            Self::Any(tests) => tests.iter().fold(Answer::all(count, false, true), |found, test| {
                found.or(&test.asked(asked))
            }),
            Self::Not(test) => test.asked(asked).negated(),
            Self::Filled(test, null) => test.asked(asked).filled(*null),
            Self::Shared(number) => asked.known[*number]
                .get_or_init(|| asked.shared[*number].asked(asked))
                .clone(),
            Self::Missing(name) => column(name).map_or_else(perhaps, asking::missing),
            Self::Text(name, nulls, test) => column(name)
                .and_then(|c| asking::text(c, nulls.as_deref(), test.is_dear(), |t| test.holds(t)))
                .unwrap_or_else(perhaps),
            Self::Number(name, nulls, test) => column(name)
                .and_then(|c| asking::number(c, *nulls, |n| test.holds(n)))
                .unwrap_or_else(perhaps),
            Self::Truth(name, nulls) => column(name)
                .and_then(|c| asking::truth(c, *nulls))
                .unwrap_or_else(perhaps),
            Self::Columns(one, order, other) => column(one)
                .zip(column(other))
                .and_then(|(a, b)| asking::numbers(a, b, |a, b| order.holds(a, b)))
                .unwrap_or_else(perhaps),
        }
    }
}

impl Text {
    fn is_dear(&self) -> bool {
        matches!(self, Self::Matches(_))
    }

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
            Self::Is(order, other) => order.holds(number, i128::from(*other)),
        }
    }
}

impl Order {
    fn holds(self, a: i128, b: i128) -> bool {
        match self {
            Self::Eq => a == b,
            Self::Lt => a < b,
            Self::LtEq => a <= b,
            Self::Gt => a > b,
            Self::GtEq => a >= b,
        }
    }
}
