//! The values of a column as numbers that are equal for equal values: cheap to compare, and to find rows by.

use std::hash::Hash;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{ArrayRef, RecordBatch};
use hashbrown::HashMap;

/// What stands for no value.
pub const NOTHING: u32 = 0;

/// A column of several batches: a number a row, equal for equal values, and what these numbers stand for.
#[derive(Debug, Clone)]
pub struct Column {
    pub cells: Arc<[u32]>,
    /// Of number 1 on, as texts.
    pub names: Arc<[String]>,
}

/// The columns of several batches, each worked out once.
#[derive(Debug)]
pub struct Columns<'a> {
    batches: &'a [RecordBatch],
    known: HashMap<String, Option<Column>>,
    alike: HashMap<Vec<String>, Arc<[u32]>>,
}

impl<'a> Columns<'a> {
    /// Those of these batches.
    pub fn of(batches: &'a [RecordBatch]) -> Self {
        Self {
            batches,
            known: HashMap::new(),
            alike: HashMap::new(),
        }
    }

    /// None if the column is missing somewhere, or holds neither texts nor whole numbers.
    pub fn get(&mut self, name: &str) -> Option<Column> {
        let batches = self.batches;
        let known = self.known.entry_ref(name);
        known.or_insert_with(|| column(batches, name)).clone()
    }

    /// A number a row, equal for rows that are alike in these columns; as [`get`](Self::get) for each of them.
    pub fn alike(&mut self, names: &[String]) -> Option<Arc<[u32]>> {
        if let Some(known) = self.alike.get(names) {
            return Some(known.clone());
        }
        let (last, before) = names.split_last()?;
        let cells = self.get(last)?.cells;
        let found = if before.is_empty() {
            cells
        } else {
            // Many are asked for that begin with the same columns.
            let before = self.alike(before)?;
            let mut pairs = Numbers::default();
            let pairs = before.iter().zip(&*cells).map(|(&a, &b)| pairs.of((a, b)));
            pairs.collect()
        };
        self.alike.insert(names.to_vec(), found.clone());
        Some(found)
    }
}

fn column(batches: &[RecordBatch], name: &str) -> Option<Column> {
    let mut known = Known::default();
    let mut found = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for batch in batches {
        known.add(batch.column_by_name(name)?, &mut found)?;
    }
    let mut names = vec![String::new(); known.texts.len().max(known.numbers.len())];
    for (text, number) in known.texts {
        text.clone_into(&mut names[number as usize - 1]);
    }
    for (value, number) in known.numbers {
        names[number as usize - 1] = value.to_string();
    }
    Some(Column {
        cells: found.into(),
        names: names.into(),
    })
}

/// The values that were met, each with its number.
#[derive(Default)]
struct Known<'a> {
    texts: HashMap<&'a str, u32>,
    numbers: HashMap<i128, u32>,
}

impl<'a> Known<'a> {
    fn add(&mut self, column: &'a ArrayRef, found: &mut Vec<u32>) -> Option<()> {
        if let Some(dictionary) = column.as_dictionary_opt::<Int32Type>() {
            let texts = dictionary.values().as_string_opt::<i32>()?;
            let own: Vec<u32> = texts
                .iter()
                .map(|t| t.map_or(NOTHING, |t| self.text(t)))
                .collect();
            let keys = dictionary.keys().iter();
            found.extend(keys.map(|key| key.map_or(NOTHING, |k| own[k as usize])));
            return Some(());
        }
        if let Some(texts) = column.as_string_opt::<i32>() {
            found.extend(texts.iter().map(|t| t.map_or(NOTHING, |t| self.text(t))));
            return Some(());
        }
        self.numbers_of::<UInt8Type>(column, found)
            .or_else(|| self.numbers_of::<UInt16Type>(column, found))
            .or_else(|| self.numbers_of::<UInt32Type>(column, found))
            .or_else(|| self.numbers_of::<UInt64Type>(column, found))
            .or_else(|| self.numbers_of::<Int64Type>(column, found))
    }

    fn text(&mut self, text: &'a str) -> u32 {
        let next = self.texts.len() as u32 + 1;
        *self.texts.entry(text).or_insert(next)
    }

    fn numbers_of<T: ArrowPrimitiveType>(&mut self, column: &'a ArrayRef, found: &mut Vec<u32>) -> Option<()>
    where
        i128: From<T::Native>,
    {
        let numbers = column.as_primitive_opt::<T>()?;
        found.extend(numbers.iter().map(|n| {
            n.map_or(NOTHING, |n| {
                let next = self.numbers.len() as u32 + 1;
                *self.numbers.entry(n.into()).or_insert(next)
            })
        }));
        Some(())
    }
}

/// Numbers for keys, in the order in which they are met.
#[derive(Debug)]
pub struct Numbers<K> {
    numbers: HashMap<K, u32>,
}

impl<K> Default for Numbers<K> {
    fn default() -> Self {
        Self {
            numbers: HashMap::new(),
        }
    }
}

impl<K: Hash + Eq> Numbers<K> {
    /// From 0 on.
    pub fn of(&mut self, key: K) -> u32 {
        let next = self.numbers.len() as u32;
        *self.numbers.entry(key).or_insert(next)
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{Array, DictionaryArray, Float64Array, Int64Array, StringArray};

    use super::*;

    fn batch(column: impl Array + 'static) -> RecordBatch {
        let column: ArrayRef = Arc::new(column);
        RecordBatch::try_from_iter([("c", column)]).unwrap()
    }

    fn cells(batches: &[RecordBatch], name: &str) -> Option<(Vec<u32>, Vec<String>)> {
        let found = Columns::of(batches).get(name)?;
        Some((found.cells.to_vec(), found.names.to_vec()))
    }

    #[test]
    fn equal_values_of_several_batches_are_equal_numbers() {
        let one: DictionaryArray<Int32Type> = [Some("a"), None, Some("b")].into_iter().collect();
        let other: DictionaryArray<Int32Type> = [Some("b"), Some("a")].into_iter().collect();
        let (found, names) = cells(&[batch(one), batch(other)], "c").unwrap();
        assert_eq!(found, [1, NOTHING, 2, 2, 1]);
        assert_eq!(names, ["a", "b"]);
        let plain = cells(&[batch(StringArray::from(vec![Some("x"), None, Some("x")]))], "c");
        assert_eq!(plain.unwrap().0, [1, NOTHING, 1]);
        let numbers = Int64Array::from(vec![Some(-1), None, Some(0), Some(-1)]);
        let (found, names) = cells(&[batch(numbers)], "c").unwrap();
        assert_eq!(found, [1, NOTHING, 2, 1]);
        assert_eq!(names, ["-1", "0"]);
    }

    #[test]
    fn rows_that_are_alike_have_one_number() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), Some("a"), None, Some("a")]));
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 1, 1]));
        let batches = [RecordBatch::try_from_iter([("t", texts), ("n", numbers)]).unwrap()];
        let mut columns = Columns::of(&batches);
        let names = ["t", "n"].map(str::to_owned);
        let found = columns.alike(&names).unwrap();
        assert_eq!(found[0], found[3]);
        assert_eq!(found.iter().collect::<hashbrown::HashSet<_>>().len(), 3);
        assert!(columns.alike(&["t", "no such"].map(str::to_owned)).is_none());
    }

    #[test]
    fn what_has_no_such_column_has_no_numbers() {
        let floats = batch(Float64Array::from(vec![1.0]));
        assert_eq!(cells(std::slice::from_ref(&floats), "c"), None);
        assert_eq!(cells(&[floats], "d"), None);
    }
}
