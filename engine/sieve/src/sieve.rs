//! The rows of a batch that may be wanted, by a test.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow_schema::ArrowError;
use arrow_select::dictionary::garbage_collect_dictionary;
use arrow_select::filter::filter_record_batch;

use crate::test::Test;

/// The rows of a stream that pass a test.
#[derive(Debug)]
pub struct Sieve {
    test: Test,
}

impl Sieve {
    /// # Errors
    /// This is not the JSON of a [`Test`].
    pub fn parse(test: &str) -> Result<Self, serde_json::Error> {
        let test = serde_json::from_str(test)?;
        Ok(Self { test })
    }

    /// The rows that may be wanted; texts that only the others had are gone. None: all of them, or most.
    ///
    /// # Errors
    /// The engine's own batches give none.
    pub fn wanted(&self, batch: &RecordBatch) -> Result<Option<RecordBatch>, ArrowError> {
        let answer = self.test.ask(batch);
        let kept: Vec<bool> = (0..batch.num_rows()).map(|row| answer.may(row)).collect();
        // Where most rows stay it costs more to copy these than to take the others, too.
        if kept.iter().filter(|&&k| k).count() > batch.num_rows() / 2 {
            return Ok(None);
        }
        let rows = filter_record_batch(batch, &BooleanArray::from(kept))?;
        let columns: Result<Vec<ArrayRef>, ArrowError> = rows.columns().iter().map(used).collect();
        RecordBatch::try_new(rows.schema(), columns?).map(Some)
    }
}

fn used(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match column.as_dictionary_opt::<Int32Type>() {
        Some(dictionary) if dictionary.values().len() > dictionary.len() / 4 => {
            Ok(Arc::new(garbage_collect_dictionary(dictionary)?))
        }
        _ => Ok(column.clone()),
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{DictionaryArray, StringArray, UInt8Array};

    use super::*;

    fn batch() -> RecordBatch {
        let verbs: DictionaryArray<Int32Type> =
            [Some("read"), None, Some("read"), Some("write"), Some("stop")]
                .into_iter()
                .collect();
        let columns: [(&str, ArrayRef); 3] = [
            ("verb", Arc::new(verbs)),
            (
                "code",
                Arc::new(UInt8Array::from(vec![Some(1), Some(2), None, Some(2), Some(9)])),
            ),
            (
                "note",
                Arc::new(StringArray::from(vec![
                    Some("a"),
                    Some("ab"),
                    None,
                    Some("b"),
                    Some(""),
                ])),
            ),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    fn kept(test: &str) -> Option<RecordBatch> {
        Sieve::parse(test).unwrap().wanted(&batch()).unwrap()
    }

    #[test]
    fn what_passes_stays_with_its_texts_only() {
        let rows = kept(r#"{"text": ["verb", null, {"in": ["stop"]}]}"#).unwrap();
        assert_eq!(rows.num_rows(), 1);
        let verbs = rows.column(0).as_dictionary::<Int32Type>();
        assert_eq!(
            verbs
                .values()
                .as_string::<i32>()
                .iter()
                .flatten()
                .collect::<Vec<_>>(),
            ["stop"]
        );
    }

    #[test]
    fn a_null_passes_only_by_what_stands_for_it() {
        let without = kept(r#"{"number": ["code", null, {"is": ["lt", 2]}]}"#).unwrap();
        assert_eq!(without.num_rows(), 1);
        let with = kept(r#"{"number": ["code", 0, {"is": ["lt", 2]}]}"#).unwrap();
        assert_eq!(with.num_rows(), 2);
    }

    #[test]
    fn what_cannot_be_asked_leaves_nothing_out() {
        for test in [
            r#""maybe""#,
            r#"{"not": "maybe"}"#,
            r#"{"text": ["code", null, {"in": ["2"]}]}"#,
            r#"{"number": ["verb", null, {"in": [2]}]}"#,
            r#"{"truth": ["note", null]}"#,
            r#"{"missing": "no such column"}"#,
        ] {
            assert!(kept(test).is_none(), "{test}");
        }
    }

    #[test]
    fn most_rows_are_sooner_kept_than_copied() {
        assert!(kept(r#"{"text": ["note", "", {"matches": "^[ab]*$"}]}"#).is_none());
        assert_eq!(kept(r#"{"not": {"missing": "nothing"}}"#), None);
        assert_eq!(kept(r#"{"any": []}"#).unwrap().num_rows(), 0);
    }

    #[test]
    fn a_test_that_is_none_is_refused() {
        assert!(Sieve::parse(r#"{"text": ["verb", null, {"matches": "("}]}"#).is_err());
        assert!(Sieve::parse(r#"{"smells": "odd"}"#).is_err());
    }
}
