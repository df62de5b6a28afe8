//! [`Column`]: the cells of a column, and what they are taken for.

use super::cell::{Around, Decimal, digits, duration, is_missing, is_weak};
use super::moment::{Moment, Order, compact, moment};

/// A column of a [`Table`](super::Table).
#[derive(Clone, Debug)]
pub struct Column {
    name: String,
    unnamed: bool,
    /// Whether decimals stand after a point for sure.
    pointed: bool,
    text: String,
    ends: Vec<usize>,
    tally: Tally,
    kind: ColumnKind,
    notation: Notation,
    order: Order,
    missing: usize,
}

/// What the cells of a column are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Numbers, also as percentages, amounts of money, durations or with a unit. At most one cell in ten, or a single
    /// one, is something else and counts as missing.
    Number,
    /// Dates, times of the day or both; as few cells are something else.
    Time,
    /// Text.
    Category,
    /// Every cell is missing.
    Empty,
}

/// How the numbers of a column are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notation {
    Digits(Decimal),
    Duration,
}

/// Which words are missing values.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    /// Besides empty cells.
    pub(super) listed: Vec<String>,
    /// Whether only those listed are.
    pub(super) only_listed: bool,
}

/// How many cells could be what.
#[derive(Clone, Debug, Default)]
struct Tally {
    present: usize,
    /// Words such as `NA`, which are missing.
    words: usize,
    /// The last of them.
    word: String,
    weak: usize,
    /// Numbers by the character before their decimals.
    point: usize,
    comma: usize,
    /// Those that are numbers with one of the two alone.
    only_point: usize,
    only_comma: usize,
    durations: usize,
    /// Moments, with the month or the day first.
    month_first: usize,
    day_first: usize,
    percent: usize,
    currency: usize,
    grouped: usize,
    units: usize,
    /// The unit of the first number that has one.
    unit: String,
    /// Whole numbers that begin with a 0.
    zeros: usize,
}

impl Words {
    fn are_missing(&self, cell: &str) -> bool {
        !self.only_listed && is_missing(cell) || self.listed.iter().any(|word| word == cell)
    }
}

impl Column {
    pub(super) fn new(name: String, unnamed: bool) -> Column {
        Column {
            name,
            unnamed,
            pointed: false,
            text: String::new(),
            ends: Vec::new(),
            tally: Tally::default(),
            kind: ColumnKind::Empty,
            notation: Notation::Digits(Decimal::Point),
            order: Order::MonthFirst,
            missing: 0,
        }
    }

    /// As it was before its first cell.
    pub(super) fn emptied(&self) -> Column {
        Column::new(self.name.clone(), self.unnamed)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the header names all but this one, which then is `unnamed_1` and so on.
    pub(in crate::data) fn is_unnamed(&self) -> bool {
        self.unnamed
    }

    /// What its cells are taken for.
    pub fn kind(&self) -> ColumnKind {
        self.kind
    }

    /// How many cells are missing; among numbers and dates also those that are neither.
    pub fn missing(&self) -> usize {
        self.missing
    }

    /// The text of a cell; `None` when it is missing or there is no such row.
    pub fn cell(&self, row: usize) -> Option<&str> {
        let end = *self.ends.get(row)?;
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        Some(&self.text[start..end]).filter(|cell| !cell.is_empty())
    }

    /// The cells in order, `None` where missing.
    pub fn cells(&self) -> impl Iterator<Item = Option<&str>> {
        (0..self.ends.len()).map(|row| self.cell(row))
    }

    /// The cells as numbers, NaN where there is none. Of a column of dates they are seconds since the start of 1970, of
    /// times of the day seconds since midnight, and so are durations.
    pub fn numbers(&self) -> Vec<f64> {
        match self.kind {
            ColumnKind::Time => self.times(false),
            _ => self.amounts(),
        }
    }

    /// The cells as numbers, also where they look like dates.
    pub(in crate::data) fn amounts(&self) -> Vec<f64> {
        let number =
            |cell: Option<&str>| cell.and_then(|cell| self.amount(cell)).unwrap_or(f64::NAN);
        self.cells().map(number).collect()
    }

    /// The cells as seconds, also where they do not look like dates. `day_first` where the column does not tell which
    /// numbers are days.
    pub(in crate::data) fn times(&self, day_first: bool) -> Vec<f64> {
        let order = match day_first && self.tally.day_first == self.tally.month_first {
            true => Order::DayFirst,
            false => self.order,
        };
        let time = |cell: Option<&str>| {
            cell.and_then(|cell| time(cell, order)).map_or(f64::NAN, |time| time.seconds)
        };
        self.cells().map(time).collect()
    }

    /// Whether the day stands first in its dates.
    pub(in crate::data) fn day_first(&self) -> bool {
        self.order == Order::DayFirst
    }

    /// The number of a cell, by what the column is.
    pub(super) fn number(&self, cell: &str) -> Option<f64> {
        match self.kind {
            ColumnKind::Time => time(cell, self.order).map(|time| time.seconds),
            _ => self.amount(cell),
        }
    }

    fn amount(&self, cell: &str) -> Option<f64> {
        let decimal = match self.notation {
            Notation::Duration => return duration(cell),
            Notation::Digits(decimal) => decimal,
        };
        if decimal == Decimal::Point || !cell.contains('.') {
            match cell.parse::<f64>() {
                Ok(number) => return Some(number).filter(|number| number.is_finite()),
                Err(_) if !cell.bytes().any(|byte| byte.is_ascii_digit()) => return None,
                Err(_) => {}
            }
        }
        let digits = digits(cell)?;
        let of_column = |unit: &str| unit == self.tally.unit;
        match digits.around {
            Around::Unit(unit) if !of_column(unit) => None,
            _ => digits.number(decimal),
        }
    }

    /// Whether there are dates among the moments.
    pub(in crate::data) fn is_dated(&self) -> bool {
        let dated = |cell: Option<&str>| {
            cell.and_then(|cell| time(cell, self.order)).is_some_and(|moment| moment.dated)
        };
        self.kind == ColumnKind::Time && self.cells().any(dated)
    }

    /// The rows whose cell says something, but nothing that numbers or dates are.
    pub(in crate::data) fn odd_rows(&self) -> Vec<usize> {
        let odd = |(row, cell): (usize, Option<&str>)| {
            cell.filter(|cell| !is_weak(cell) && self.number(cell).is_none()).map(|_| row)
        };
        self.cells().enumerate().filter_map(odd).collect()
    }

    /// How many whole numbers begin with a 0, as codes do.
    pub(in crate::data) fn zeros(&self) -> usize {
        self.tally.zeros
    }

    /// How the numbers or dates are written, where it is worth a word.
    pub(in crate::data) fn written(&self) -> Option<String> {
        let Tally { percent, currency, grouped, units, unit, month_first, day_first, .. } =
            &self.tally;
        let decimal =
            self.notation == Notation::Digits(Decimal::Comma) && self.tally.only_comma > 0;
        let words = match self.kind {
            ColumnKind::Number if self.notation == Notation::Duration => {
                "durations, taken in seconds".to_string()
            }
            ColumnKind::Number if *percent > 0 => {
                "percentages, taken as the number before the sign".to_string()
            }
            ColumnKind::Number if *currency > 0 => "amounts of money, taken as numbers".to_string(),
            ColumnKind::Number if *units > 0 => format!("taken as the number before {unit:?}"),
            ColumnKind::Number if decimal => "numbers with a decimal comma".to_string(),
            ColumnKind::Number if *grouped > 0 => {
                let cell = self
                    .cells()
                    .flatten()
                    .find(|cell| cell.parse::<f64>().is_err() && !is_weak(cell))?;
                format!("with thousands set apart: {cell:?} is taken as {}", self.number(cell)?)
            }
            ColumnKind::Time if self.ambiguous() && month_first == day_first => {
                let cell = self.cells().flatten().next()?;
                format!(
                    "dates such as {cell:?} are taken with the {} first",
                    match self.order {
                        Order::MonthFirst => "month (--day-first for the day)",
                        Order::DayFirst => "day",
                    }
                )
            }
            _ => return None,
        };
        Some(words)
    }

    /// Whether day and month of some date could be changed.
    fn ambiguous(&self) -> bool {
        self.cells().flatten().any(|cell| {
            let [a, b] = [Order::MonthFirst, Order::DayFirst].map(|order| moment(cell, order));
            a != b
        })
    }

    /// Words such as `NA` that are taken as missing in a column of text: how many, and one of them.
    pub(in crate::data) fn words_missing(&self) -> Option<(usize, &str)> {
        let Tally { words, word, .. } = &self.tally;
        (self.kind == ColumnKind::Category && *words > 0).then_some((*words, word))
    }

    /// How many cells there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn push(&mut self, cell: &str, words: &Words) {
        let tally = &mut self.tally;
        if !cell.is_empty() && words.are_missing(cell) {
            tally.words += 1;
            if tally.word.is_empty() {
                tally.word = cell.to_string();
            }
        } else if !cell.is_empty() {
            self.text.push_str(cell);
            tally.add(cell);
        }
        self.ends.push(self.text.len());
    }

    /// Whether its decimals stand after a comma for sure.
    pub(super) fn has_commas(&self) -> bool {
        !self.pointed && self.tally.only_comma > self.tally.only_point
    }

    /// Says that its decimals stand after a point.
    pub(super) fn set_pointed(&mut self) {
        self.pointed = true;
    }

    /// Decides what the column is. `comma` where the decimals of other columns stand after a comma; `first` where the
    /// day stands before the month.
    pub(super) fn settle(&mut self, comma: bool, first: bool) {
        let tally = &self.tally;
        let decimal = match tally.only_comma.cmp(&tally.only_point) {
            _ if self.pointed => Decimal::Point,
            std::cmp::Ordering::Greater => Decimal::Comma,
            std::cmp::Ordering::Equal if comma => Decimal::Comma,
            _ => Decimal::Point,
        };
        let numbers = if decimal == Decimal::Comma { tally.comma } else { tally.point };
        let (notation, numbers) = match tally.durations > numbers {
            true => (Notation::Duration, tally.durations),
            false => (Notation::Digits(decimal), numbers),
        };
        self.order = match tally.day_first.cmp(&tally.month_first) {
            std::cmp::Ordering::Greater => Order::DayFirst,
            std::cmp::Ordering::Equal if first || comma || self.has_dots() => Order::DayFirst,
            _ => Order::MonthFirst,
        };
        let moments = tally.day_first.max(tally.month_first);
        let said = tally.present - tally.weak;
        let mostly =
            |count: usize| count > 0 && 2 * count > said && said - count <= (said / 10).max(1);
        self.notation = notation;
        self.kind = match () {
            () if tally.present == 0 => ColumnKind::Empty,
            () if mostly(moments) && moments >= numbers => ColumnKind::Time,
            () if mostly(numbers) => ColumnKind::Number,
            () => ColumnKind::Category,
        };
        match self.kind == ColumnKind::Number && numbers == self.tally.present {
            true => self.missing = self.ends.len() - numbers,
            false => self.count(),
        }
    }

    /// Whether dates are written with dots, as where the day comes first.
    fn has_dots(&self) -> bool {
        self.tally.month_first > 0
            && self.cells().flatten().take(50).any(|cell| cell.matches('.').count() == 2)
    }

    /// Counts what is missing.
    fn count(&mut self) {
        let is_missing = |cell: Option<&str>| match (self.kind, cell) {
            (_, None) => true,
            (ColumnKind::Number | ColumnKind::Time, Some(cell)) => self.number(cell).is_none(),
            _ => false,
        };
        self.missing = self.cells().filter(|cell| is_missing(*cell)).count();
    }

    /// The column of some rows, which stays what it is.
    pub(super) fn of_rows(&self, rows: &[usize]) -> Column {
        let (mut text, mut ends) = (String::new(), Vec::with_capacity(rows.len()));
        for &row in rows {
            text.push_str(self.cell(row).unwrap_or_default());
            ends.push(text.len());
        }
        let mut column = Column { text, ends, ..self.without_cells() };
        column.count();
        column
    }

    fn without_cells(&self) -> Column {
        Column {
            name: self.name.clone(),
            text: String::new(),
            ends: Vec::new(),
            tally: self.tally.clone(),
            ..*self
        }
    }
}

/// What a cell says of time, also as a whole number such as 20240115.
fn time(cell: &str, order: Order) -> Option<Moment> {
    let whole = || compact(cell).map(|days| Moment { seconds: days * 86_400.0, dated: true });
    moment(cell, order).or_else(whole)
}

impl Tally {
    fn add(&mut self, cell: &str) {
        self.present += 1;
        match cell.parse::<f64>() {
            Ok(number) if number.is_finite() => {
                self.point += 1;
                if !cell.contains('.')
                    || digits(cell).is_some_and(|digits| digits.fits(Decimal::Comma))
                {
                    self.comma += 1;
                } else {
                    self.only_point += 1;
                }
                self.zeros += usize::from(
                    cell.len() > 1
                        && cell.starts_with('0')
                        && cell.bytes().all(|b| b.is_ascii_digit()),
                );
                if compact(cell).is_some() {
                    self.month_first += 1;
                    self.day_first += 1;
                }
                return;
            }
            Ok(_) => return,
            Err(_) => {}
        }
        if is_weak(cell) {
            self.weak += 1;
            return;
        }
        if let Some(digits) = digits(cell) {
            let [point, comma] =
                [Decimal::Point, Decimal::Comma].map(|decimal| digits.fits(decimal));
            let same_unit = match digits.around {
                Around::Unit(unit) if self.unit.is_empty() && (point || comma) => {
                    self.unit = unit.to_string();
                    true
                }
                Around::Unit(unit) => unit == self.unit,
                _ => true,
            };
            if same_unit {
                self.point += usize::from(point);
                self.comma += usize::from(comma);
                self.only_point += usize::from(point && !comma);
                self.only_comma += usize::from(comma && !point);
                self.percent += usize::from(digits.around == Around::Percent);
                self.currency += usize::from(digits.around == Around::Currency);
                self.units += usize::from(matches!(digits.around, Around::Unit(_)));
                self.grouped += usize::from(digits.is_grouped(Decimal::Point));
            }
        }
        self.durations += usize::from(duration(cell).is_some());
        self.month_first += usize::from(moment(cell, Order::MonthFirst).is_some());
        self.day_first += usize::from(moment(cell, Order::DayFirst).is_some());
    }
}
