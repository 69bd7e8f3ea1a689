//! What was written, as numbers.

/// Values of one record that are learned, from its first.
pub const MOST_VALUES: usize = 32;

/// What a text says.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    Numbers(Vec<f64>),
    /// Something else.
    Nothing,
    /// Python may read numbers here, as in "1_000".
    Perhaps,
}

/// Numbers with commas between them.
pub fn numbers_of(text: &str) -> Written {
    if text.contains('_') || !text.is_ascii() {
        return Written::Perhaps;
    }
    let parts = text.split(',').take(MOST_VALUES);
    let numbers: Result<Vec<f64>, _> = parts.map(|part| part.trim().parse()).collect();
    match numbers {
        Ok(numbers) if numbers.iter().all(|n: &f64| n.is_finite()) => Written::Numbers(numbers),
        _ => Written::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_python_does() {
        assert_eq!(
            numbers_of("1, 2.5,-3e2"),
            Written::Numbers(vec![1.0, 2.5, -300.0])
        );
        for text in ["", "on", "1,,2", "nan", "1,inf", "0x10"] {
            assert_eq!(numbers_of(text), Written::Nothing, "{text}");
        }
        assert_eq!(numbers_of("1_000"), Written::Perhaps);
        let many = vec!["7"; 40].join(",");
        assert_eq!(numbers_of(&many), Written::Numbers(vec![7.0; MOST_VALUES]));
    }
}
