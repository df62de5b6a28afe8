//! What a cell says: nothing, a number in one of many notations, yes or no.

/// Which character stands before the decimals; the other ones may stand between thousands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Decimal {
    #[default]
    Point,
    Comma,
}

/// What stands around the digits of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Around<'a> {
    Nothing,
    Percent,
    /// Its sign, one for each currency.
    Currency(&'a str),
    /// Letters that follow, as in `5 kg`.
    Unit(&'a str),
}

/// The digits of a cell, taken out of what stands around them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digits<'a> {
    negative: bool,
    /// Digits, separators and an exponent.
    core: &'a str,
    /// A million where `M` follows a currency, else 1.
    times: f64,
    pub(super) around: Around<'a>,
}

/// What is missing wherever it stands, in any case.
const MISSING: [&str; 15] = [
    "na", "n/a", "nan", "-nan", "null", "?", "#n/a", "#na", "#n/a n/a", "<na>", "n.a.", "(null)",
    "\\n", "1.#qnan", "-1.#ind",
];

/// What is missing among numbers and dates; among words it is a word of its own.
const WEAK: [&str; 15] = [
    "none",
    "nil",
    ".",
    "..",
    "...",
    "unknown",
    "missing",
    "undefined",
    "tbd",
    "#div/0!",
    "#value!",
    "#ref!",
    "#name?",
    "#num!",
    "#null!",
];

/// Whether a cell that is not empty says that its value is missing.
pub(super) fn is_missing(cell: &str) -> bool {
    cell.len() <= 8 && MISSING.iter().any(|word| cell.eq_ignore_ascii_case(word))
}

/// Whether a cell says so where numbers are expected.
pub(super) fn is_weak(cell: &str) -> bool {
    cell.len() <= 9 && (WEAK.iter().any(|word| cell.eq_ignore_ascii_case(word)) || is_dash(cell))
}

/// Whether a cell is a dash, which is missing unless other cells are a plus.
pub(super) fn is_dash(cell: &str) -> bool {
    ["-", "--", "---", "–", "—"].contains(&cell)
}

/// Words for true, each with the word for false.
const TRUTH: [[&str; 2]; 7] = [
    ["yes", "no"],
    ["true", "false"],
    ["y", "n"],
    ["t", "f"],
    ["on", "off"],
    ["1", "0"],
    ["1.0", "0.0"],
];

/// What a word for true or false says.
pub(in crate::data) fn truth(word: &str) -> Option<bool> {
    let says = |[yes, no]: &[&str; 2]| match () {
        () if word.eq_ignore_ascii_case(yes) => Some(true),
        () if word.eq_ignore_ascii_case(no) => Some(false),
        () => None,
    };
    if word.len() > 5 { None } else { TRUTH.iter().find_map(says) }
}

/// The name of the number of a cell: the same for `7` and `7.0`, and of whole ones that are larger than those that
/// f64 tells apart all digits.
pub(in crate::data) fn number_name(cell: &str, number: f64) -> String {
    name_in(cell, number, Decimal::Point)
}

/// As [`number_name`], by what stands before the decimals.
pub(super) fn name_in(cell: &str, number: f64, decimal: Decimal) -> String {
    let all = if number.abs() < EXACT { None } else { digits(cell) };
    // Adding 0 turns -0 into 0.
    all.and_then(|own| own.whole(decimal)).unwrap_or_else(|| (number + 0.0).to_string())
}

/// Whole numbers from here on are not all numbers of f64.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The digits of a cell that may be a number.
pub(super) fn digits(cell: &str) -> Option<Digits<'_>> {
    if !cell.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut text = cell.trim();
    let mut negative = false;
    if let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        (negative, text) = (true, inner.trim());
    }
    let mut around = Around::Nothing;
    let mut signed = false;
    // A sign and a currency, in either order.
    for _ in 0..3 {
        let rest = text.trim_start();
        if let Some(rest) = rest.strip_prefix(['-', '−', '+']).filter(|_| !signed && !negative) {
            (signed, negative) = (true, !text.trim_start().starts_with('+'));
            text = rest;
        } else if let Some((sign, rest)) =
            currency(rest, true).filter(|_| around == Around::Nothing)
        {
            (around, text) = (Around::Currency(sign), rest);
        }
    }
    text = text.trim();
    // As accounts are written: 12.50-
    if let Some(rest) = text.strip_suffix(['-', '−']).filter(|_| !signed && !negative)
        && rest.ends_with(|c: char| c.is_ascii_digit())
    {
        (negative, text) = (true, rest);
    }
    if let Some(rest) = text.strip_suffix('%').filter(|_| around == Around::Nothing) {
        (around, text) = (Around::Percent, rest.trim_end());
    } else if let Some((sign, rest)) = currency(text, false).filter(|_| around == Around::Nothing) {
        (around, text) = (Around::Currency(sign), rest.trim_end());
    }
    let mut times = 1.0;
    if matches!(around, Around::Currency(_)) {
        let all = [("bn", 1e9), ("k", 1e3), ("m", 1e6), ("b", 1e9)];
        let found = all.into_iter().find_map(|(word, times)| {
            let at = text.len().checked_sub(word.len()).filter(|&at| text.is_char_boundary(at))?;
            text[at..].eq_ignore_ascii_case(word).then(|| (text[..at].trim_end(), times))
        });
        (text, times) = found.unwrap_or((text, 1.0));
    }
    if around == Around::Nothing
        && let Some((number, thousands)) = thousands(text)
    {
        (text, times) = (number, thousands);
    }
    if around == Around::Nothing {
        let end = text.rfind(|c: char| c.is_ascii_digit() || c == '.').map_or(0, |at| at + 1);
        let (before, unit) = text.split_at(end);
        let spaced = unit.starts_with([' ', '\u{a0}', '\u{202f}']);
        let unit = unit.trim_start();
        let is_unit = !unit.is_empty()
            && unit.len() <= 12
            && unit.chars().all(|c| c.is_alphabetic() || "°²³µ/".contains(c))
            && (spaced || unit.chars().count() > 1 || unit.starts_with('°'));
        if is_unit {
            (around, text) = (Around::Unit(unit), before);
        }
    }
    text.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == ',').then_some(Digits {
        negative,
        core: text,
        times,
        around,
    })
}

/// A number in thousands, or one with a point in millions or billions, and what it is in. An `m` is a metre.
fn thousands(text: &str) -> Option<(&str, f64)> {
    let [number @ .., before, last] = text.as_bytes() else { return None };
    let pointed = number.contains(&b'.');
    let times = match last {
        b'k' | b'K' => 1e3,
        b'M' if pointed => 1e6,
        b'B' if pointed => 1e9,
        _ => return None,
    };
    before.is_ascii_digit().then(|| (&text[..text.len() - 1], times))
}

/// Signs and short names of currencies.
const CURRENCIES: [&str; 22] = [
    "US$", "R$", "A$", "C$", "$", "€", "£", "¥", "₹", "₽", "₩", "₺", "₫", "฿", "USD", "EUR", "GBP",
    "CHF", "JPY", "INR", "kr", "zł",
];

/// The currency at the start or end of a text, by one sign for each, and the text without it.
fn currency(text: &str, start: bool) -> Option<(&'static str, &str)> {
    // None begins or ends with a digit, as nearly all cells of a column of numbers do.
    let edge = if start { text.bytes().next() } else { text.bytes().next_back() };
    if edge.is_none_or(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let strip = |sign: &&'static str| {
        let rest = match start {
            true => text.strip_prefix(*sign),
            false => text.strip_suffix(*sign),
        };
        let sign = match *sign {
            "US$" | "USD" => "$",
            "EUR" => "€",
            "GBP" => "£",
            "JPY" => "¥",
            "INR" => "₹",
            sign => sign,
        };
        Some((sign, rest?))
    };
    CURRENCIES.iter().find_map(strip)
}

impl Digits<'_> {
    /// Whether they are a number, by what stands before the decimals.
    pub(super) fn fits(&self, decimal: Decimal) -> bool {
        parts(self.core, decimal).is_some()
    }

    /// The number; `None` where it is none or not finite.
    pub(super) fn number(&self, decimal: Decimal) -> Option<f64> {
        let [whole, fraction, exponent] = parts(self.core, decimal)?;
        let mut text: String = whole.chars().filter(char::is_ascii_digit).collect();
        if !fraction.is_empty() {
            text += ".";
            text += fraction;
        }
        text += exponent;
        let number = text.parse::<f64>().ok()? * self.times;
        let number = if self.negative { -number } else { number };
        number.is_finite().then_some(number)
    }

    /// All digits of a whole number without what stands around or between them; `None` for another.
    fn whole(&self, decimal: Decimal) -> Option<String> {
        let [whole, fraction, exponent] = parts(self.core, decimal)?;
        let is_whole = exponent.is_empty()
            && fraction.bytes().all(|byte| byte == b'0')
            && self.times == 1.0
            && self.around == Around::Nothing;
        let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
        let sign = if self.negative { "-" } else { "" };
        is_whole.then(|| format!("{sign}{}", digits.trim_start_matches('0')))
    }

    /// Whether there is something between the thousands.
    pub(super) fn is_grouped(&self, decimal: Decimal) -> bool {
        parts(self.core, decimal)
            .is_some_and(|[whole, ..]| !whole.bytes().all(|b| b.is_ascii_digit()))
    }
}

/// The digits before the decimals, those after, and the exponent with its `e`.
fn parts(core: &str, decimal: Decimal) -> Option<[&str; 3]> {
    let (mantissa, exponent) = core.split_at(core.find(['e', 'E']).unwrap_or(core.len()));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let power = exponent.get(1..).unwrap_or_default().trim_start_matches(['+', '-']);
    if !exponent.is_empty()
        && (power.is_empty() || !digits(power) || exponent.len() > power.len() + 2)
    {
        return None;
    }
    let point = if decimal == Decimal::Point { '.' } else { ',' };
    let (whole, fraction) = mantissa.split_once(point).unwrap_or((mantissa, ""));
    if !digits(fraction) || whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let Some(separator) = whole.chars().find(|c| !c.is_ascii_digit()) else {
        return Some([whole, fraction, exponent]);
    };
    let between = if decimal == Decimal::Point { ',' } else { '.' };
    if separator != between && !" '’_\u{a0}\u{202f}\u{2009}".contains(separator) {
        return None;
    }
    let mut groups = whole.split(separator);
    let first = groups.next()?;
    let last = groups.next_back()?;
    // Two digits between: lakhs.
    let valid = (1..=3).contains(&first.len())
        && digits(first)
        && !first.trim_start_matches('0').is_empty()
        && last.len() == 3
        && digits(last)
        && groups.all(|group| (2..=3).contains(&group.len()) && digits(group));
    valid.then_some([whole, fraction, exponent])
}

/// Units of time with their seconds.
const UNITS: [(&[&str], f64); 8] = [
    (&["ms", "msec", "millisecond", "milliseconds"], 1e-3),
    (&["s", "sec", "secs", "second", "seconds"], 1.0),
    (&["m", "min", "mins", "minute", "minutes"], 60.0),
    (&["h", "hr", "hrs", "hour", "hours"], 3600.0),
    (&["d", "day", "days"], 86_400.0),
    (&["w", "wk", "week", "weeks"], 604_800.0),
    (&["mo", "month", "months"], 2_629_746.0),
    (&["y", "yr", "yrs", "year", "years"], 31_556_952.0),
];

/// The seconds of a duration: `1h 30m`, `2 days`, `90 min`, `36:15:00`, `75:30`, `1 days 01:30:00`.
pub(super) fn duration(cell: &str) -> Option<f64> {
    let cell = cell.trim();
    if let Some((days, time)) = cell.split_once(" day").filter(|(_, time)| time.contains(':')) {
        return days_and_time(days, time.strip_prefix('s').unwrap_or(time));
    }
    let (negative, text) = match cell.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, cell),
    };
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '.') || text.len() > 60 {
        return None;
    }
    let seconds = match text.contains(':') {
        true => clock(text)?,
        false => words(text)?,
    };
    Some(if negative { -seconds } else { seconds })
}

/// Whole days and a time of the day, as pandas and Python write them: `0 days 01:30:00`, and less than nothing as
/// `-1 days +22:30:00` or `-1 day, 22:30:00`, the time of which counts from the day before.
fn days_and_time(days: &str, time: &str) -> Option<f64> {
    let is_whole = days.strip_prefix('-').unwrap_or(days).bytes().all(|byte| byte.is_ascii_digit());
    let days: f64 = days.parse().ok().filter(|_| is_whole && days.len() < 10)?;
    let time = time.strip_prefix(',').unwrap_or(time).trim_start();
    let seconds = clock(time.strip_prefix('+').unwrap_or(time))?;
    (seconds < 86_400.0).then_some(days * 86_400.0 + seconds)
}

/// `hours:minutes` or `hours:minutes:seconds`, however many hours.
fn clock(text: &str) -> Option<f64> {
    let mut parts = text.split(':');
    let number = |part: &str, most: f64| {
        let plain = part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        part.parse::<f64>().ok().filter(|number| plain && *number < most)
    };
    let hours = parts.next()?;
    let minutes = number(parts.next().filter(|part| part.len() == 2)?, 60.0)?;
    let seconds = parts.next().map_or(Some(0.0), |part| number(part, 60.0))?;
    let whole = hours.bytes().all(|byte| byte.is_ascii_digit());
    let hours = number(hours, 1e6).filter(|_| whole && parts.next().is_none())?;
    Some(hours * 3600.0 + minutes * 60.0 + seconds)
}

fn words(text: &str) -> Option<f64> {
    let (mut rest, mut total, mut count, mut bare) = (text, 0.0, 0, false);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        rest = rest[end..].trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = rest[..end].to_ascii_lowercase();
        let (_, seconds) = UNITS.iter().find(|(names, _)| names.contains(&&*unit))?;
        bare |= unit == "m";
        total += number * seconds;
        count += 1;
        rest = rest[end..].trim_start_matches([' ', ',']);
    }
    // A lone m may be metres.
    (count > 0 && !(bare && count == 1)).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Rng;

    fn number(cell: &str, decimal: Decimal) -> Option<f64> {
        digits(cell)?.number(decimal)
    }

    #[test]
    fn every_currency_is_known_before_and_behind_a_number() {
        for sign in CURRENCIES {
            for cell in [
                format!("{sign}12"),
                format!("{sign} 12"),
                format!("12{sign}"),
                format!("12 {sign}"),
            ] {
                assert_eq!(number(&cell, Decimal::Point), Some(12.0), "{cell:?}");
                assert!(matches!(digits(&cell).unwrap().around, Around::Currency(_)), "{cell:?}");
            }
        }
    }

    #[test]
    fn what_rust_reads_as_a_number_is_that_number() {
        let mut rng = Rng::new(1);
        let (mut read, mut refused) = (0, 0);
        for _ in 0..200_000 {
            let length = 1 + rng.below(7);
            let cell: String =
                (0..length).map(|_| char::from(b"0123456789..--+eE,_ "[rng.below(20)])).collect();
            let own = number(&cell, Decimal::Point);
            match cell.trim().parse::<f64>() {
                Ok(want) if want.is_finite() => {
                    read += 1;
                    assert_eq!(own.map(f64::to_bits), Some(want.to_bits()), "{cell:?}");
                }
                _ => refused += usize::from(own.is_none()),
            }
        }
        assert!(read > 10_000 && refused > 10_000, "{read} {refused}");
        // Beyond all numbers of f64, and figures of other scripts.
        for cell in ["1e400", "-1e400", &"9".repeat(400), "\u{663}", "0x10", "1e", "1__000"] {
            assert_eq!(number(cell, Decimal::Point), None, "{cell:?}");
        }
        let small = format!("0.{}1", "0".repeat(400));
        for (cell, want) in [("1_000", 1000.0), ("5.", 5.0), (&small, 0.0), ("1e-400", 0.0)] {
            assert_eq!(number(cell, Decimal::Point), Some(want), "{cell:?}");
        }
        assert_eq!(number("-0", Decimal::Point).map(f64::to_bits), Some((-0.0f64).to_bits()));
    }

    #[test]
    fn numbers_in_many_notations() {
        for (cell, value) in [
            ("7", 7.0),
            ("-2.5e1", -25.0),
            (".5", 0.5),
            ("1,020", 1020.0),
            ("1,234,567.25", 1_234_567.25),
            ("12 345", 12_345.0),
            ("12'345", 12_345.0),
            ("12,34,567", 1_234_567.0),
            ("$1,234.50", 1234.5),
            ("-$3", -3.0),
            ("$-3", -3.0),
            ("(1,000)", -1000.0),
            ("€110.5M", 110.5e6),
            ("€565K", 565e3),
            ("12 EUR", 12.0),
            ("R$ 5", 5.0),
            ("1.5%", 1.5),
            ("12 %", 12.0),
            ("5 kg", 5.0),
            ("27.7k", 27_700.0),
            ("3K", 3_000.0),
            ("1.5M", 1.5e6),
            ("3.5GB", 3.5),
            ("−4", -4.0),
            ("12.50-", -12.5),
            ("(12.50)", -12.5),
            ("$ 3-", -3.0),
        ] {
            assert_eq!(number(cell, Decimal::Point), Some(value), "{cell:?}");
        }
        for (cell, value) in [
            ("3,5", 3.5),
            ("1.234,50", 1234.5),
            ("1.234", 1234.0),
            ("0,125", 0.125),
            ("2,5 €", 2.5),
            ("-7", -7.0),
        ] {
            assert_eq!(number(cell, Decimal::Comma), Some(value), "{cell:?}");
        }
        for cell in [
            "", "a", "1,5", "0,125", "1,23", "1,0200", "12-3", "1.2.3", "A1", "3B", "1e", "1e999",
            "1 2", "+-1", "-3-", "3--", "-",
        ] {
            assert_eq!(number(cell, Decimal::Point), None, "{cell:?}");
        }
        for cell in ["12.5", "1,5,5", "1,234.5"] {
            assert_eq!(number(cell, Decimal::Comma), None, "{cell:?}");
        }
        assert_eq!(digits("5 kg").unwrap().around, Around::Unit("kg"));
        assert_eq!(digits("5%").unwrap().around, Around::Percent);
        assert_eq!(digits("5 EUR").unwrap().around, digits("€5").unwrap().around);
        assert!(digits("1,020").unwrap().is_grouped(Decimal::Point));
    }

    #[test]
    fn durations_in_seconds() {
        for (cell, value) in [
            ("1h 30m", 5400.0),
            ("90 min", 5400.0),
            ("2 days", 172_800.0),
            ("1 day, 2 hours", 93_600.0),
            ("36:15", 130_500.0),
            ("36:15:30.5", 130_530.5),
            ("-1:30", -5400.0),
            ("250ms", 0.25),
            ("0 days 01:30:00", 5400.0),
            ("3 days 00:00:01.500000", 259_201.5),
            ("-1 days +22:30:00", -5400.0),
            ("1 day, 2:03:04", 93_784.0),
            ("-2 days", -172_800.0),
        ] {
            assert_eq!(duration(cell), Some(value), "{cell:?}");
        }
        for cell in [
            "5 m",
            "5 kg",
            "1:75",
            "12",
            "h",
            "1:2:3:4",
            "",
            "é5h",
            "1.5 days 01:00:00",
            "1 days 25:00:00",
            " day 1:00",
            "- days 01:00:00",
            "1 daylight 01:00",
        ] {
            assert_eq!(duration(cell), None, "{cell:?}");
        }
    }

    #[test]
    fn missing_and_true() {
        assert!(["NA", "n/a", "NaN", "NULL", "#N/A", "?"].into_iter().all(is_missing));
        assert!(
            ["None", "-", "--", ".", "unknown", "#DIV/0!"]
                .into_iter()
                .all(|cell| is_weak(cell) && !is_missing(cell))
        );
        assert_eq!(
            ["Yes", "no", "TRUE", "f", "1", "maybe"].map(truth),
            [Some(true), Some(false), Some(true), Some(false), Some(true), None]
        );
    }
}
