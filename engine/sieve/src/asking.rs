//! A test put to the rows of one column; none, if the column is of a type that the test does not know.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use hashbrown::HashMap;

use crate::answer::Answer;

pub fn missing(column: &ArrayRef) -> Answer {
    Answer::of((0..column.len()).map(|row| Some(column.is_null(row))))
}

/// Each text of a dictionary is asked once; of others, too, where it costs more than to remember what was told (`dear`).
pub fn text(
    column: &ArrayRef,
    nulls: Option<&str>,
    dear: bool,
    holds: impl Fn(&str) -> bool,
) -> Option<Answer> {
    let empty = nulls.map(&holds);
    if let Some(dictionary) = column.as_dictionary_opt::<Int32Type>() {
        let texts = dictionary.values().as_string_opt::<i32>()?;
        let told: Vec<Option<bool>> = texts.iter().map(|t| Some(t.is_some_and(&holds))).collect();
        let keys = dictionary.keys();
        if keys.null_count() == 0 {
            return Some(Answer::of(keys.values().iter().map(|&key| told[key as usize])));
        }
        return Some(Answer::of(
            keys.iter().map(|key| key.map_or(empty, |k| told[k as usize])),
        ));
    }
    let texts = column.as_string_opt::<i32>()?.iter();
    let mut told = HashMap::new();
    let mut once = |text| {
        if dear {
            *told.entry(text).or_insert_with(|| holds(text))
        } else {
            holds(text)
        }
    };
    Some(Answer::of(texts.map(|t| t.map_or(empty, |t| Some(once(t))))))
}

pub fn number(column: &ArrayRef, nulls: Option<i64>, holds: impl Fn(i128) -> bool) -> Option<Answer> {
    fn all<T: ArrowPrimitiveType>(
        column: &ArrayRef,
        empty: Option<bool>,
        holds: impl Fn(i128) -> bool,
    ) -> Option<Answer>
    where
        i128: From<T::Native>,
    {
        let numbers = column.as_primitive_opt::<T>()?;
        if numbers.null_count() == 0 {
            let all = numbers.values().iter();
            return Some(Answer::of(all.map(|&n| Some(holds(n.into())))));
        }
        Some(Answer::of(
            numbers.iter().map(|n| n.map_or(empty, |n| Some(holds(n.into())))),
        ))
    }
    let empty = nulls.map(|n| holds(n.into()));
    all::<UInt8Type>(column, empty, &holds)
        .or_else(|| all::<UInt16Type>(column, empty, &holds))
        .or_else(|| all::<UInt32Type>(column, empty, &holds))
        .or_else(|| all::<UInt64Type>(column, empty, &holds))
        .or_else(|| all::<Int64Type>(column, empty, &holds))
}

/// Two columns of the same type.
pub fn numbers(one: &ArrayRef, other: &ArrayRef, holds: impl Fn(i128, i128) -> bool) -> Option<Answer> {
    fn all<T: ArrowPrimitiveType>(
        one: &ArrayRef,
        other: &ArrayRef,
        holds: impl Fn(i128, i128) -> bool,
    ) -> Option<Answer>
    where
        i128: From<T::Native>,
    {
        let pairs = one
            .as_primitive_opt::<T>()?
            .iter()
            .zip(other.as_primitive_opt::<T>()?);
        Some(Answer::of(pairs.map(|(a, b)| Some(holds(a?.into(), b?.into())))))
    }
    all::<UInt8Type>(one, other, &holds)
        .or_else(|| all::<UInt16Type>(one, other, &holds))
        .or_else(|| all::<UInt32Type>(one, other, &holds))
        .or_else(|| all::<UInt64Type>(one, other, &holds))
        .or_else(|| all::<Int64Type>(one, other, &holds))
}

pub fn truth(column: &ArrayRef, nulls: Option<bool>) -> Option<Answer> {
    Some(Answer::of(column.as_boolean_opt()?.iter().map(|b| b.or(nulls))))
}
