//! [`Written`]: how the cells of a column are written, so that those of another file are read alike.

use serde::{Deserialize, Serialize};

use super::cell::{Around, Decimal, digits};
use super::column::{Column, ColumnKind, Notation};
use super::moment::Order;

/// How the numbers or dates of a column were written where it was learned from. A file with one row does not tell, and
/// another one may tell otherwise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::data) struct Written {
    /// Whether most numbers had a percent sign.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) percent: bool,
    /// What those without the sign count, or those with it where most had none; `None` where all were alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    others: Option<f64>,
    /// The sign of the currency.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) currency: String,
    /// Letters that followed, as in `5 kg`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) unit: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) duration: bool,
    /// Whether decimals stood after a comma; `None` where there were only digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) decimal_comma: Option<bool>,
    /// Whether the day stood first; `None` where nothing hung on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) day_first: Option<bool>,
}

impl Written {
    /// For people; `None` where there is nothing to tell.
    pub(in crate::data) fn told(&self) -> Option<String> {
        let Written { percent, currency, unit, duration, decimal_comma, day_first, .. } = self;
        let words = [
            percent.then(|| "in percent".to_string()),
            (!currency.is_empty()).then(|| format!("in {currency}")),
            (!unit.is_empty()).then(|| format!("in {unit}")),
            duration.then(|| "a duration in seconds".to_string()),
            (*decimal_comma == Some(true)).then(|| "decimals after a comma".to_string()),
            day_first.map(|first| format!("the {} first", if first { "day" } else { "month" })),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

impl Column {
    /// How its cells are written.
    pub(in crate::data) fn written_as(&self) -> Written {
        let tally = &self.tally;
        let number = self.kind != ColumnKind::Time;
        let mixed = self.percents() > 0 && self.plain() > 0;
        Written {
            percent: number && self.percent,
            others: (number && mixed).then_some(self.others),
            currency: tally.currencies.first().filter(|_| number).cloned().unwrap_or_default(),
            unit: if number { self.unit.clone() } else { String::new() },
            duration: number && self.notation == Notation::Duration,
            decimal_comma: (number && tally.marked > 0)
                .then_some(self.notation == Notation::Digits(Decimal::Comma)),
            day_first: (!number && self.ambiguous()).then_some(self.order == Order::DayFirst),
        }
    }

    /// The column as a kind that it was in training, read as it was written there where its own cells do not tell
    /// otherwise. `typical` is how large numbers were in training: it tells what those are that are percentages here alone.
    pub(in crate::data) fn read_as(
        &self,
        written: &Written,
        kind: ColumnKind,
        typical: f64,
    ) -> Column {
        let mut column = self.clone();
        column.kind = kind;
        if kind == ColumnKind::Time {
            column.order = match (self.own_order(), written.day_first) {
                (Some(own), _) => own,
                (None, Some(true)) => Order::DayFirst,
                (None, Some(false)) if !self.asked_day_first => Order::MonthFirst,
                (None, _) => self.order,
            };
        } else {
            let decimal = self.decimal(match (written.decimal_comma, self.notation) {
                _ if self.asked_comma => Decimal::Comma,
                (Some(true), _) => Decimal::Comma,
                (None, Notation::Digits(own)) => own,
                _ => Decimal::Point,
            });
            column.notation = match written.duration {
                true => Notation::Duration,
                false => Notation::Digits(decimal),
            };
            if !written.unit.is_empty() {
                column.unit.clone_from(&written.unit);
            }
            column.percent = written.percent;
            column.others = 1.0;
            let differ = if written.percent { self.plain() > 0 } else { self.percents() > 0 };
            if differ {
                column.others = written.others.unwrap_or_else(|| column.factor(typical));
            }
        }
        let same = column.kind == self.kind
            && column.notation == self.notation
            && column.order == self.order
            && column.unit == self.unit
            && (column.percent, column.others) == (self.percent, self.others);
        if !same {
            column.count();
        }
        column
    }

    /// Which of day and month stands first, where the cells say so and none says otherwise.
    fn own_order(&self) -> Option<Order> {
        let tally = &self.tally;
        let (day, month) = (tally.moments - tally.month_first, tally.moments - tally.day_first);
        match (day > 0, month > 0) {
            (true, false) => Some(Order::DayFirst),
            (false, true) => Some(Order::MonthFirst),
            _ => None,
        }
    }

    /// What numbers count that are written otherwise than those of training, of which one is so large: without the
    /// percent sign as they are or as shares of 1, with it as they are or by the hundred, whatever is nearer.
    pub(super) fn factor(&self, typical: f64) -> f64 {
        let factor: f64 = if self.percent { 100.0 } else { 0.01 };
        let mut as_is = self.clone();
        as_is.others = 1.0;
        let (mut near, mut nearer) = (0.0, 0.0);
        for number in self.others().filter_map(|(_, cell)| as_is.number(cell)) {
            let ratio = (number / typical).abs().ln();
            if ratio.is_finite() {
                near += ratio.abs();
                nearer += (ratio + factor.ln()).abs();
            }
        }
        if nearer < near { factor } else { 1.0 }
    }

    /// The cells that are percentages where the column is not, or the other way.
    pub(super) fn others(&self) -> impl Iterator<Item = (usize, &str)> {
        let other = |cell: &str| {
            let is_percent = digits(cell).is_some_and(|digits| digits.around == Around::Percent);
            is_percent != self.percent && self.number(cell).is_some()
        };
        let cells = self.cells().enumerate();
        cells.filter_map(move |(row, cell)| Some((row, cell?)).filter(|(_, cell)| other(cell)))
    }

    /// How its cells are written otherwise than in training, and what is made of them, a line each; after
    /// [`Column::read_as`]. `line` is the one of a row.
    pub(in crate::data) fn departures(
        &self,
        written: &Written,
        line: impl Fn(usize) -> usize,
    ) -> Vec<String> {
        let name = &self.name;
        let mut lines = Vec::new();
        if self.kind == ColumnKind::Time {
            lines.extend(self.departing_order(written, line));
            return lines;
        }
        let tally = &self.tally;
        if (self.percent || self.percents() > 0)
            && let Some((row, cell)) = self.others().next()
            && let Some(number) = self.number(cell)
        {
            let count = self.others().count();
            let what = match self.percent {
                true => "without the percent sign that most had in training",
                false => "with a percent sign, unlike most in training",
            };
            let sign = if self.percent { " %" } else { "" };
            lines.push(format!(
                "column {name:?}: {count} {what}, such as {cell:?} (line {}): taken as {number}{sign}",
                line(row)
            ));
        }
        if let Some(sign) = tally.currencies.iter().find(|sign| **sign != written.currency) {
            let before = match &*written.currency {
                "" => "no currency".to_string(),
                before => before.to_string(),
            };
            lines.push(format!(
                "column {name:?}: amounts in {sign}, in training in {before}: taken as the same numbers"
            ));
        }
        if written.unit.is_empty() && !self.unit.is_empty() {
            lines.push(format!(
                "column {name:?}: in {:?}, in training without a unit: taken as the numbers before it",
                self.unit
            ));
        }
        let comma = self.notation == Notation::Digits(Decimal::Comma);
        if let (Some(before), Notation::Digits(_)) = (written.decimal_comma, self.notation)
            && let Some((row, cell, number)) = self.told_by_decimals(before, comma)
        {
            let of = |comma: bool| if comma { "a comma" } else { "a point" };
            lines.push(match before == comma {
                true => format!(
                    "column {name:?}: {cell:?} (line {}) is taken as {number}: decimals stood after {} in training",
                    line(row),
                    of(before)
                ),
                false => format!(
                    "column {name:?}: decimals stand after {}, in training after {}: {cell:?} (line {}) is taken as {number}",
                    of(comma),
                    of(before),
                    line(row)
                ),
            });
        }
        lines
    }

    /// A cell whose number hangs on what stands before its decimals, where it is worth a word.
    fn told_by_decimals(&self, before: bool, comma: bool) -> Option<(usize, &str, f64)> {
        // Numbers that came as such are not written at all; or the cells by themselves are taken as those of training.
        if self.pointed || before == comma && self.settled == self.notation {
            return None;
        }
        self.cells().enumerate().find_map(|(row, cell)| {
            let (cell, [point, after]) = (cell?, [Decimal::Point, Decimal::Comma]);
            let digits = digits(cell)?;
            let (point, after) = (digits.number(point), digits.number(after));
            let hangs = match before == comma {
                true => point.is_some() && after.is_some() && point != after,
                false => point != after,
            };
            hangs.then_some((row, cell, self.number(cell)?))
        })
    }

    /// Dates in another order than in training.
    fn departing_order(&self, written: &Written, line: impl Fn(usize) -> usize) -> Option<String> {
        let trained = match written.day_first? {
            true => Order::DayFirst,
            false => Order::MonthFirst,
        };
        let (row, cell) = self.cells().enumerate().find_map(|(row, cell)| {
            Some((row, cell?)).filter(|(_, cell)| self.contradicts(cell, trained))
        })?;
        let first = |order: Order| if order == Order::DayFirst { "day" } else { "month" };
        let other = if trained == Order::DayFirst { Order::MonthFirst } else { Order::DayFirst };
        let done = match self.order == trained {
            true => "such dates are missing".to_string(),
            false => format!("all are read with the {} first", first(other)),
        };
        Some(format!(
            "column {:?}: {cell:?} (line {}) has the {} first, in training the {} was: {done}",
            self.name,
            line(row),
            first(other),
            first(trained)
        ))
    }
}
