//! [`Column`]: the cells of a column, and what they are taken for.

use std::sync::Arc;

use super::CsvOptions;
use super::cell::{Around, Decimal, digits, duration, is_dash, is_missing, is_weak, name_in};
use super::moment::{Moment, Order, compact, moment};
use super::seen::{Ends, Seen};

/// A column of a [`Table`](super::Table).
#[derive(Clone, Debug)]
pub struct Column {
    pub(super) name: String,
    unnamed: bool,
    /// Whether decimals stand after a point for sure.
    pub(super) pointed: bool,
    text: Arc<String>,
    ends: Arc<Vec<usize>>,
    pub(super) tally: Tally,
    /// What all cells say, where not all are kept.
    pub(super) seen: Option<Seen>,
    pub(super) kind: ColumnKind,
    pub(super) notation: Notation,
    /// The notation that the cells by themselves ask for.
    pub(super) settled: Notation,
    pub(super) order: Order,
    /// Letters that may follow its numbers.
    pub(super) unit: String,
    /// Whether it is in percent.
    pub(super) percent: bool,
    /// What numbers count that are written without the percent sign, or with it where it is not in percent.
    pub(super) others: f64,
    /// Whether dashes are missing values.
    pub(super) dashes: bool,
    /// What the user said of all columns.
    pub(super) asked_comma: bool,
    pub(super) asked_day_first: bool,
    missing: usize,
}

/// What the cells of a column are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Numbers, also as percentages, amounts of money, durations or with a unit. At most one cell in ten, or a single
    /// one, is something else and counts as missing; so do infinities, however many.
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
pub(super) enum Notation {
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
pub(super) struct Tally {
    /// All cells, whatever they say.
    pub(super) cells: usize,
    pub(super) present: usize,
    /// Words such as `NA`, which are missing.
    words: usize,
    /// The last of them.
    word: String,
    weak: usize,
    /// Numbers by the character before their decimals.
    pub(super) point: usize,
    pub(super) comma: usize,
    /// The ends of these two, and of durations.
    pub(super) ends: [Ends; 3],
    /// Those that are numbers with one of the two alone.
    pub(super) only_point: usize,
    pub(super) only_comma: usize,
    /// Numbers with a point or a comma.
    pub(super) marked: usize,
    pub(super) durations: usize,
    /// Moments, and those with the month or the day first.
    pub(super) moments: usize,
    pub(super) month_first: usize,
    pub(super) day_first: usize,
    percent: usize,
    currency: usize,
    /// Which ones, at most a few.
    pub(super) currencies: Vec<String>,
    pub(super) dashes: usize,
    pluses: usize,
    grouped: usize,
    units: usize,
    /// The unit of the first number that has one.
    unit: String,
    /// Whole numbers that begin with a 0.
    zeros: usize,
    /// Infinities, which are no numbers of a table, and no words either.
    infinite: usize,
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
            text: Arc::default(),
            ends: Arc::default(),
            tally: Tally::default(),
            seen: None,
            kind: ColumnKind::Empty,
            notation: Notation::Digits(Decimal::Point),
            settled: Notation::Digits(Decimal::Point),
            order: Order::MonthFirst,
            unit: String::new(),
            percent: false,
            others: 1.0,
            dashes: false,
            asked_comma: false,
            asked_day_first: false,
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

    /// How many cells say that they are missing, such as `NA`, and the last of these words; `None` where none does.
    pub fn missing_words(&self) -> Option<(usize, &str)> {
        (self.tally.words > 0).then_some((self.tally.words, &*self.tally.word))
    }

    /// The text of a cell; `None` when it is missing or there is no such row.
    pub fn cell(&self, row: usize) -> Option<&str> {
        self.text_of(row).filter(|cell| !(cell.is_empty() || self.dashes && is_dash(cell)))
    }

    /// The text of a cell, also of a dash that is missing.
    fn text_of(&self, row: usize) -> Option<&str> {
        let end = *self.ends.get(row)?;
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        Some(&self.text[start..end])
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

    /// The column whose dashes are values.
    pub(in crate::data) fn with_dashes(mut self) -> Column {
        self.dashes = false;
        self.count();
        self
    }

    /// The number of a cell, by what the column is.
    pub(in crate::data) fn number(&self, cell: &str) -> Option<f64> {
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
                Ok(number) => {
                    return Some(number * self.share(false)).filter(|number| number.is_finite());
                }
                Err(_) if !cell.bytes().any(|byte| byte.is_ascii_digit()) => return None,
                Err(_) => {}
            }
        }
        let digits = digits(cell)?;
        match digits.around {
            Around::Unit(unit) if unit != self.unit => None,
            Around::Percent => Some(digits.number(decimal)? * self.share(true)),
            Around::Nothing => Some(digits.number(decimal)? * self.share(false)),
            _ => digits.number(decimal),
        }
    }

    /// The name of the number of a cell, as a class or a category is called.
    pub(in crate::data) fn number_name(&self, cell: &str, number: f64) -> String {
        match self.notation {
            Notation::Digits(decimal) => name_in(cell, number, decimal),
            Notation::Duration => (number + 0.0).to_string(),
        }
    }

    /// What a number counts with a percent sign or without.
    fn share(&self, percent: bool) -> f64 {
        if percent == self.percent { 1.0 } else { self.others }
    }

    /// How many numbers have a percent sign.
    pub(super) fn percents(&self) -> usize {
        self.tally.percent
    }

    /// How many numbers stand alone.
    pub(super) fn plain(&self) -> usize {
        let Tally { point, comma, percent, currency, units, .. } = self.tally;
        let numbers = if self.notation == Notation::Digits(Decimal::Comma) { comma } else { point };
        numbers.saturating_sub(percent + currency + units)
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
        let odd =
            |(row, cell): (usize, Option<&str>)| cell.filter(|cell| self.is_odd(cell)).map(|_| row);
        self.cells().enumerate().filter_map(odd).collect()
    }

    /// How many whole numbers begin with a 0, as codes do.
    pub(in crate::data) fn zeros(&self) -> usize {
        self.tally.zeros
    }

    /// How the numbers or dates are written, where it is worth a word.
    pub(in crate::data) fn written(&self) -> Option<String> {
        let Tally { currency, currencies, grouped, units, month_first, day_first, .. } =
            &self.tally;
        let mixed = || {
            let (_, cell) = self.others().next()?;
            Some((self.others().count(), cell, self.number(cell)?))
        };
        let decimal =
            self.notation == Notation::Digits(Decimal::Comma) && self.tally.only_comma > 0;
        let words = match self.kind {
            ColumnKind::Number if self.notation == Notation::Duration => {
                "durations, taken in seconds".to_string()
            }
            ColumnKind::Number if self.percent => match mixed() {
                None => "percentages, taken as the number before the sign".to_string(),
                Some((count, cell, number)) => format!(
                    "percentages, taken as the number before the sign; {count} without one, such as {cell:?}, taken as {number} %"
                ),
            },
            ColumnKind::Number if self.percents() > 0 => {
                let (count, cell, number) = mixed()?;
                format!("{count} numbers with a percent sign, such as {cell:?}, taken as {number}")
            }
            ColumnKind::Number if currencies.len() > 1 => format!(
                "amounts of money in {}, taken as if they were one currency: convert them first",
                currencies.join(", ")
            ),
            ColumnKind::Number if *currency > 0 => "amounts of money, taken as numbers".to_string(),
            ColumnKind::Number if *units > 0 => {
                format!("taken as the number before {:?}", self.unit)
            }
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
    pub(super) fn ambiguous(&self) -> bool {
        self.cells().flatten().any(|cell| {
            let [a, b] = [Order::MonthFirst, Order::DayFirst].map(|order| moment(cell, order));
            a != b
        })
    }

    /// Whether a date is one in the other order alone.
    pub(super) fn contradicts(&self, cell: &str, order: Order) -> bool {
        let all = [Order::MonthFirst, Order::DayFirst];
        time(cell, order).is_none() && all.iter().any(|&other| time(cell, other).is_some())
    }

    /// Words such as `NA` that are taken as missing in a column of text: how many, and one of them.
    pub(in crate::data) fn words_missing(&self) -> Option<(usize, &str)> {
        let Tally { words, word, dashes, .. } = &self.tally;
        let dashes = if self.dashes { *dashes } else { 0 };
        let word = if word.is_empty() { "-" } else { word };
        let count = words + dashes;
        (self.kind == ColumnKind::Category && count > 0).then_some((count, word))
    }

    /// How many cells there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn push(&mut self, cell: &str, words: &Words) {
        if self.look(cell, words) {
            Arc::make_mut(&mut self.text).push_str(cell);
        }
        Arc::make_mut(&mut self.ends).push(self.text.len());
    }

    /// Counts what a cell could be, without keeping it; whether it says something.
    pub(super) fn look(&mut self, cell: &str, words: &Words) -> bool {
        let tally = &mut self.tally;
        tally.cells += 1;
        if !cell.is_empty() && words.are_missing(cell) {
            tally.words += 1;
            if tally.word.is_empty() {
                tally.word = cell.to_string();
            }
            return false;
        }
        if !cell.is_empty() {
            tally.add(cell);
            self.seen.iter_mut().for_each(|seen| seen.add(cell));
        }
        !cell.is_empty()
    }

    /// The column taken for what another one of the same file is.
    pub(super) fn taken_as(&self, other: &Column) -> Column {
        let (text, ends) = (Arc::clone(&self.text), Arc::clone(&self.ends));
        let mut column = Column { text, ends, missing: self.missing, ..other.clone() };
        let same =
            |of: fn(&Column) -> (ColumnKind, Notation, Order, bool, bool)| of(self) == of(other);
        let alike = same(|own| (own.kind, own.notation, own.order, own.percent, own.dashes))
            && (&self.unit, self.others) == (&other.unit, other.others);
        if !alike {
            column.count();
        }
        column
    }

    /// Whether its decimals stand after a comma for sure.
    pub(super) fn has_commas(&self) -> bool {
        !self.pointed && self.tally.only_comma > self.tally.only_point
    }

    /// Says that its decimals stand after a point.
    pub(super) fn set_pointed(&mut self) {
        self.pointed = true;
    }

    /// Decides what the column is. `comma` where the decimals of other columns stand after a comma.
    pub(super) fn settle(&mut self, comma: bool, asked: &CsvOptions) {
        (self.asked_comma, self.asked_day_first) = (asked.decimal_comma, asked.day_first);
        let first = asked.day_first;
        let tally = &self.tally;
        let decimal = self.decimal(if comma { Decimal::Comma } else { Decimal::Point });
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
        (self.notation, self.settled) = (notation, notation);
        self.kind = match () {
            () if tally.present == tally.dashes && tally.pluses == 0 => ColumnKind::Empty,
            () if mostly(moments) && moments >= numbers => ColumnKind::Time,
            () if mostly(numbers) || numbers > 0 && numbers + tally.infinite == said => {
                ColumnKind::Number
            }
            () => ColumnKind::Category,
        };
        // Beside a plus a dash is a minus.
        self.dashes = !asked.keep_na && self.tally.dashes > 0 && self.tally.pluses == 0;
        self.unit.clone_from(&self.tally.unit);
        if self.percents() > 0 {
            self.percent = self.percents() >= self.plain();
            if self.plain() > 0 {
                self.others = self.factor(self.typical());
            }
        }
        // Where all that was looked at was kept, the numbers need not be read again to count them.
        let kept = self.tally.cells == self.ends.len();
        match kept && self.kind == ColumnKind::Number && numbers == self.tally.present {
            true => self.missing = self.ends.len() - numbers,
            false => self.count(),
        }
    }

    /// What stands before the decimals; `otherwise` where the cells do not tell.
    pub(super) fn decimal(&self, otherwise: Decimal) -> Decimal {
        match self.tally.only_comma.cmp(&self.tally.only_point) {
            _ if self.pointed => Decimal::Point,
            std::cmp::Ordering::Greater => Decimal::Comma,
            std::cmp::Ordering::Less => Decimal::Point,
            std::cmp::Ordering::Equal => otherwise,
        }
    }

    /// Whether dates are written with dots, as where the day comes first.
    fn has_dots(&self) -> bool {
        self.tally.month_first > 0
            && self.cells().flatten().take(50).any(|cell| cell.matches('.').count() == 2)
    }

    /// The mean size of the numbers that are percentages where the column is, or are not.
    fn typical(&self) -> f64 {
        let own = |cell: &&str| {
            let percent = digits(cell).is_some_and(|digits| digits.around == Around::Percent);
            percent == self.percent
        };
        let numbers = self.cells().flatten().filter(own).filter_map(|cell| self.amount(cell));
        let (count, sum) = numbers.fold((0.0, 0.0), |(count, sum), x| (count + 1.0, sum + x.abs()));
        sum / f64::max(count, 1.0)
    }

    /// Counts what is missing.
    pub(super) fn count(&mut self) {
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
            text.push_str(self.text_of(row).unwrap_or_default());
            ends.push(text.len());
        }
        let (text, ends) = (Arc::new(text), Arc::new(ends));
        let mut column = Column { text, ends, ..self.clone() };
        column.count();
        column
    }
}

/// What a cell says of time, also as a whole number such as 20240115.
pub(super) fn time(cell: &str, order: Order) -> Option<Moment> {
    let whole = || compact(cell).map(|days| Moment { seconds: days * 86_400.0, dated: true });
    moment(cell, order).or_else(whole)
}

impl Tally {
    fn add(&mut self, cell: &str) {
        self.present += 1;
        match cell.parse::<f64>() {
            Ok(number) if number.is_finite() => {
                self.point += 1;
                self.ends[0].add(Some(number));
                let comma = match cell.contains('.') {
                    false => Some(number),
                    true => digits(cell).and_then(|digits| digits.number(Decimal::Comma)),
                };
                self.ends[1].add(comma);
                match comma {
                    Some(_) => self.comma += 1,
                    None => self.only_point += 1,
                }
                self.zeros += usize::from(
                    cell.len() > 1
                        && cell.starts_with('0')
                        && cell.bytes().all(|b| b.is_ascii_digit()),
                );
                self.marked += usize::from(cell.contains('.'));
                if compact(cell).is_some() {
                    self.moments += 1;
                    self.month_first += 1;
                    self.day_first += 1;
                }
                return;
            }
            Ok(number) => {
                self.infinite += usize::from(number.is_infinite());
                return;
            }
            Err(_) => {}
        }
        if is_weak(cell) {
            self.weak += 1;
            self.dashes += usize::from(is_dash(cell));
            return;
        }
        self.pluses += usize::from(cell == "+");
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
                self.ends[0].add(digits.number(Decimal::Point).filter(|_| point));
                self.ends[1].add(digits.number(Decimal::Comma).filter(|_| comma));
                self.only_point += usize::from(point && !comma);
                self.only_comma += usize::from(comma && !point);
                self.marked += usize::from(cell.contains(['.', ',']));
                self.percent += usize::from(digits.around == Around::Percent);
                if let Around::Currency(sign) = digits.around {
                    self.currency += 1;
                    if self.currencies.len() < 4 && !self.currencies.iter().any(|own| own == sign) {
                        self.currencies.push(sign.to_string());
                    }
                }
                self.units += usize::from(matches!(digits.around, Around::Unit(_)));
                self.grouped += usize::from(digits.is_grouped(Decimal::Point));
            }
        }
        let seconds = duration(cell);
        self.durations += usize::from(seconds.is_some());
        self.ends[2].add(seconds);
        let [month, day] =
            [Order::MonthFirst, Order::DayFirst].map(|order| moment(cell, order).is_some());
        self.moments += usize::from(month || day);
        self.month_first += usize::from(month);
        self.day_first += usize::from(day);
    }
}
