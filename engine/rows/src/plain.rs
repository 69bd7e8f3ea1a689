//! Rows of others in the types of the engine: texts and lists with short offsets.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Int32Array, LargeListArray, ListArray, RecordBatch, StringArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, Field, Schema};

/// The same rows; what is of neither kind stays as it is.
///
/// # Errors
/// There are more values in lists than the engine's batches can have.
pub fn as_engines(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns: Vec<ArrayRef> = batch.columns().iter().map(converted).collect::<Result<_, _>>()?;
    let schema = batch.schema();
    let fields = schema.fields().iter().zip(&columns);
    let fields = fields.map(|(field, column)| Field::new(field.name(), column.data_type().clone(), true));
    RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns)
}

fn converted(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    if let Some(lists) = column.as_list_opt::<i64>() {
        return Ok(Arc::new(short(lists)?));
    }
    if column.as_dictionary_opt::<Int32Type>().is_some() {
        return Ok(column.clone());
    }
    if let Some(dictionary) = column.as_any_dictionary_opt() {
        let keys = dictionary.normalized_keys();
        let place = |row: usize| (!column.is_null(row)).then(|| keys[row] as i32);
        let keys: Int32Array = (0..column.len()).map(place).collect();
        let values = texts(dictionary.values()).unwrap_or_else(|| dictionary.values().clone());
        return Ok(Arc::new(DictionaryArray::try_new(keys, values)?));
    }
    Ok(texts(column).unwrap_or_else(|| column.clone()))
}

fn short(lists: &LargeListArray) -> Result<ListArray, ArrowError> {
    let offsets: Result<Vec<i32>, _> = lists
        .value_offsets()
        .iter()
        .map(|&offset| i32::try_from(offset))
        .collect();
    let offsets = offsets.map_err(|_| ArrowError::ComputeError("too many values in one batch".to_owned()))?;
    let item = Arc::new(Field::new_list_field(lists.value_type(), true));
    let offsets = OffsetBuffer::new(offsets.into());
    ListArray::try_new(item, offsets, lists.values().clone(), lists.nulls().cloned())
}

/// None, if these are no texts, or are as the engine has them.
fn texts(column: &ArrayRef) -> Option<ArrayRef> {
    let views = column.as_string_view_opt().map(|texts| texts.iter().collect());
    let large = || column.as_string_opt::<i64>().map(|texts| texts.iter().collect());
    views
        .or_else(large)
        .map(|texts: StringArray| Arc::new(texts) as ArrayRef)
}

#[cfg(test)]
mod tests {
    use arrow_array::builder::LargeListBuilder;
    use arrow_array::types::{Float64Type, UInt32Type};
    use arrow_array::{Float64Array, LargeStringArray, StringViewArray, UInt8Array};

    use super::*;

    fn plain(column: impl Array + 'static) -> ArrayRef {
        let column: ArrayRef = Arc::new(column);
        let batch = RecordBatch::try_from_iter([("c", column)]).unwrap();
        as_engines(&batch).unwrap().column(0).clone()
    }

    #[test]
    fn texts_of_any_kind_become_the_engines() {
        let texts = [Some("b"), None, Some("b")];
        let plainly = |column: ArrayRef| {
            let found = column.as_string::<i32>().iter().collect::<Vec<_>>() == texts;
            assert!(found, "{column:?}");
        };
        plainly(plain(texts.into_iter().collect::<StringViewArray>()));
        plainly(plain(texts.into_iter().collect::<LargeStringArray>()));
        plainly(plain(texts.into_iter().collect::<StringArray>()));
        let categories = plain(texts.into_iter().collect::<DictionaryArray<UInt32Type>>());
        let found = categories.as_dictionary::<Int32Type>();
        let found = found.downcast_dict::<StringArray>().unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), texts);
    }

    #[test]
    fn lists_get_short_offsets() {
        let mut lists = LargeListBuilder::new(Float64Array::builder(0));
        lists.append_value([Some(1.0), Some(2.0)]);
        lists.append_null();
        let found = plain(lists.finish());
        let found = found.as_list::<i32>();
        assert_eq!(found.value(0).as_primitive::<Float64Type>().values(), &[1.0, 2.0]);
        assert!(found.is_null(1));
    }

    #[test]
    fn all_else_stays() {
        assert_eq!(
            plain(UInt8Array::from(vec![7]))
                .as_primitive::<arrow_array::types::UInt8Type>()
                .value(0),
            7
        );
    }
}
