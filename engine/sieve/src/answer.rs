//! Answers of many rows at once, each of them yes, no, nothing (a null: Kleene's third value) or perhaps.

/// For each row a bit for "may be so" and one for "may not be so": both is a perhaps, neither a null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    yes: Vec<u64>,
    no: Vec<u64>,
}

impl Answer {
    /// The same for all of so many rows.
    pub fn all(rows: usize, yes: bool, no: bool) -> Self {
        let word = |bit: bool| if bit { u64::MAX } else { 0 };
        Self {
            yes: vec![word(yes); rows.div_ceil(64)],
            no: vec![word(no); rows.div_ceil(64)],
        }
    }

    /// What each row says; none for a null.
    pub fn of(answers: impl ExactSizeIterator<Item = Option<bool>>) -> Self {
        let words = answers.len().div_ceil(64);
        let (mut yes, mut no) = (Vec::with_capacity(words), Vec::with_capacity(words));
        let (mut y, mut n, mut bit) = (0, 0, 0);
        for answer in answers {
            y |= u64::from(answer == Some(true)) << bit;
            n |= u64::from(answer == Some(false)) << bit;
            bit += 1;
            if bit == 64 {
                yes.push(y);
                no.push(n);
                (y, n, bit) = (0, 0, 0);
            }
        }
        if bit > 0 {
            yes.push(y);
            no.push(n);
        }
        Self { yes, no }
    }

    #[must_use]
    pub fn negated(self) -> Self {
        Self {
            yes: self.no,
            no: self.yes,
        }
    }

    /// With an answer in the place of nulls.
    #[must_use]
    pub fn filled(mut self, null: bool) -> Self {
        for (yes, no) in self.yes.iter_mut().zip(&mut self.no) {
            let nothing = !(*yes | *no);
            *(if null { yes } else { no }) |= nothing;
        }
        self
    }

    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        self.with(other, |a, b| a & b, |a, b| a | b)
    }

    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        self.with(other, |a, b| a | b, |a, b| a & b)
    }

    fn with(mut self, other: &Self, yes: fn(u64, u64) -> u64, no: fn(u64, u64) -> u64) -> Self {
        self.yes
            .iter_mut()
            .zip(&other.yes)
            .for_each(|(a, &b)| *a = yes(*a, b));
        self.no
            .iter_mut()
            .zip(&other.no)
            .for_each(|(a, &b)| *a = no(*a, b));
        self
    }

    /// Whether each of so many rows certainly says no.
    pub fn is_no(&self, rows: usize) -> bool {
        let full = |word: usize| u64::MAX >> (64 - (rows - word * 64).min(64));
        self.yes.iter().all(|&yes| yes == 0)
            && self
                .no
                .iter()
                .enumerate()
                .all(|(word, &no)| no & full(word) == full(word))
    }

    /// Whether no row is a perhaps.
    pub fn certain(&self) -> bool {
        self.yes.iter().zip(&self.no).all(|(yes, no)| yes & no == 0)
    }

    /// Whether this row may be meant.
    pub fn may(&self, row: usize) -> bool {
        self.yes[row / 64] >> (row % 64) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [Option<bool>; 3] = [Some(true), Some(false), None];

    /// Each with each, in Kleene's logic.
    fn pairs() -> impl ExactSizeIterator<Item = (Option<bool>, Option<bool>)> {
        (0..9).map(|n| (VALUES[n / 3], VALUES[n % 3]))
    }

    #[test]
    fn nulls_are_as_in_kleenes_logic() {
        let (left, right) = (Answer::of(pairs().map(|p| p.0)), Answer::of(pairs().map(|p| p.1)));
        let and = pairs().map(|pair| match pair {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        });
        let or = pairs().map(|pair| match pair {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        });
        assert_eq!(left.clone().and(&right), Answer::of(and));
        assert_eq!(left.clone().or(&right), Answer::of(or));
        assert_eq!(left.negated(), Answer::of(pairs().map(|p| p.0.map(|b| !b))));
    }

    #[test]
    fn a_perhaps_stays_one_unless_the_other_side_decides() {
        let perhaps = || Answer::all(3, true, true);
        let known = || Answer::of([Some(true), Some(false), None].into_iter());
        let may = |answer: Answer| [0, 1, 2].map(|row| answer.may(row));
        assert_eq!(may(perhaps().and(&known())), [true, false, false]);
        assert_eq!(may(perhaps().or(&known())), [true; 3]);
        assert_eq!(may(perhaps().negated()), [true; 3]);
        assert_eq!(may(perhaps().or(&known()).negated()), [false, true, false]);
    }

    #[test]
    fn only_what_every_row_denies_is_a_no() {
        let of = |answers: &[Option<bool>]| Answer::of(answers.iter().copied());
        assert!(of(&[Some(false); 65]).is_no(65));
        assert!(!of(&[Some(false), None]).is_no(2));
        assert!(!of(&[Some(false), Some(true)]).is_no(2));
        assert!(!Answer::all(3, true, true).is_no(3));
    }

    #[test]
    fn only_a_null_is_filled() {
        let of = |answers: [Option<bool>; 3]| Answer::of(answers.into_iter());
        let may = |answer: Answer| [0, 1, 2].map(|row| answer.may(row));
        let filled = |null| of([Some(true), Some(false), None]).filled(null);
        assert_eq!(may(filled(true)), [true, false, true]);
        assert_eq!(may(filled(false).negated()), [false, true, true]);
    }

    #[test]
    fn rows_beyond_one_word_are_told_apart() {
        let answer = Answer::of((0..130).map(|row| Some(row % 65 == 64)));
        let found: Vec<usize> = (0..130).filter(|&row| answer.may(row)).collect();
        assert_eq!(found, [64, 129]);
    }
}
