//! What cells say by themselves, whatever stands in others: [`NumberCells`], [`TimeCells`].
//!
//! A table takes a column for what all its cells are. Of most cells that makes no difference, and these can be read one
//! by one. What is said here must be what [`Column::read_as`] makes of every column that holds the cell; where it hangs on
//! others, or there is something to tell of it, nothing is said.

use super::cell::{Around, Decimal, digits, duration, is_dash, is_missing, is_weak};
use super::column::{Column, ColumnKind, time};
use super::moment::Order;
use super::written::Written;

/// What the cells of a text that were read hang on. Whether a comma stands before decimals is found from all columns.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::data) struct Hang {
    /// There are decimals after a comma.
    commas: bool,
    /// A cell would be another number if there were.
    on_points: bool,
}

impl Hang {
    /// Whether the cells are what they were taken for after all.
    pub(in crate::data) fn is_met(self) -> bool {
        !(self.commas && self.on_points)
    }

    /// Says that a cell has a point before its decimals.
    pub(in crate::data) fn on_points(&mut self) {
        self.on_points = true;
    }
}

/// Whether a cell is missing wherever it stands, without a word for it in other columns.
pub(in crate::data) fn says_nothing(cell: &str) -> bool {
    cell.is_empty() || is_missing(cell)
}

/// Whether a cell of text hangs on others: a dash is missing unless there is a plus, and decimals after a comma tell of
/// other columns.
pub(in crate::data) fn text_hangs(cell: &str, dashes_are_words: bool) -> bool {
    !dashes_are_words && is_dash(cell) || has_decimal_comma(cell)
}

/// Whether a cell is a number with decimals after a comma alone.
fn has_decimal_comma(cell: &str) -> bool {
    let (mut commas, mut points, mut digit) = (0, 0, false);
    for byte in cell.bytes() {
        commas += usize::from(byte == b',');
        points += usize::from(byte == b'.');
        digit |= byte.is_ascii_digit();
    }
    // Without a comma, a point is one between thousands only where there are two.
    digit
        && (commas > 0 || points > 1)
        && digits(cell).is_some_and(|own| own.fits(Decimal::Comma) && !own.fits(Decimal::Point))
}

/// Reads the cells of a column of numbers.
#[derive(Clone, Debug)]
pub(in crate::data) struct NumberCells {
    /// Without cells, read as in training.
    column: Column,
    written: Written,
}

impl NumberCells {
    pub(in crate::data) fn new(written: &Written) -> NumberCells {
        let column = Column::new(String::new(), false).read_as(written, ColumnKind::Number, 1.0);
        NumberCells { column, written: written.clone() }
    }

    /// Whether decimals stood after a comma in training.
    pub(in crate::data) fn has_commas(&self) -> bool {
        self.written.decimal_comma == Some(true)
    }

    /// The number of a value that is one already; `None` where a number says something else than its digits.
    pub(in crate::data) fn value(&self, number: f64) -> Option<f64> {
        let plain = number.is_finite() && !self.written.duration && !self.written.percent;
        plain.then_some(number)
    }

    /// The number of a cell, NaN where it is missing; `None` where that hangs on others, or there is something to tell.
    pub(in crate::data) fn number(&self, cell: &str, hang: &mut Hang) -> Option<f64> {
        if let Ok(number) = cell.parse::<f64>() {
            if !number.is_finite() {
                return is_missing(cell).then_some(f64::NAN);
            }
            if cell.contains('.') {
                if self.has_commas() {
                    return None;
                }
                hang.on_points = true;
            }
            return self.value(number);
        }
        if says_nothing(cell) || is_weak(cell) {
            return Some(f64::NAN);
        }
        match self.written.duration {
            true => self.seconds(cell),
            false => self.amount(cell, hang),
        }
    }

    fn seconds(&self, cell: &str) -> Option<f64> {
        let has_unit = digits(cell).is_some_and(|own| matches!(own.around, Around::Unit(_)));
        // Of a unit that was not there in training something is told.
        let told = has_unit && self.written.unit.is_empty() || has_decimal_comma(cell);
        duration(cell).filter(|_| !told)
    }

    /// A number with something around or between its digits.
    fn amount(&self, cell: &str, hang: &mut Hang) -> Option<f64> {
        let digits = digits(cell)?;
        let known = match digits.around {
            Around::Percent => self.written.percent,
            _ if self.written.percent => false,
            Around::Nothing => true,
            Around::Currency(sign) => sign == self.written.currency,
            Around::Unit(unit) => unit == self.written.unit,
        };
        let [point, comma] = [Decimal::Point, Decimal::Comma].map(|own| digits.fits(own));
        if !known {
            return None;
        }
        if self.has_commas() {
            if cell.contains('.') || cell.contains(',') && point {
                return None;
            }
            hang.commas |= comma && !point;
        } else {
            if !point {
                return None;
            }
            hang.on_points |= cell.contains(['.', ',']);
        }
        self.column.number(cell)
    }
}

/// Reads the cells of a column of dates or times of the day.
#[derive(Clone, Debug)]
pub(in crate::data) struct TimeCells {
    /// Which of day and month stands first, where that was found in training.
    order: Option<Order>,
}

impl TimeCells {
    /// `day_first` where the day is to stand first in columns that do not tell.
    pub(in crate::data) fn new(written: &Written, day_first: bool) -> TimeCells {
        let order = match written.day_first {
            Some(true) => Some(Order::DayFirst),
            Some(false) if !day_first => Some(Order::MonthFirst),
            _ => None,
        };
        TimeCells { order }
    }

    /// The seconds of a cell, NaN where it is missing; `None` where that hangs on others, or there is something to tell.
    pub(in crate::data) fn seconds(&self, cell: &str) -> Option<f64> {
        if says_nothing(cell) || is_weak(cell) {
            return Some(f64::NAN);
        }
        if has_decimal_comma(cell) {
            return None;
        }
        let seconds = |order: Order| time(cell, order).map(|time| time.seconds);
        match self.order {
            Some(order) => seconds(order),
            None => {
                let [month, day] = [Order::MonthFirst, Order::DayFirst].map(seconds);
                month.filter(|_| month == day)
            }
        }
    }
}
