//! Dates and times of the day as people write them.

/// A date, a time of the day, or both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moment {
    /// From the start of 1970, or from midnight where there is no date.
    pub(super) seconds: f64,
    pub(super) dated: bool,
}

/// Which of two numbers before a year is the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    #[default]
    MonthFirst,
    DayFirst,
}

const DAY: f64 = 86_400.0;

/// What a cell says of time; `None` where it says nothing.
pub(super) fn moment(cell: &str, order: Order) -> Option<Moment> {
    let text = cell.trim();
    if text.len() < 4
        || text.len() > 40
        || !text.is_ascii()
        || !text.bytes().any(|b| b.is_ascii_digit())
    {
        return None;
    }
    let (date, clock) = split(text);
    let seconds = match clock {
        "" => 0.0,
        clock => time(clock)?,
    };
    match date.trim_end_matches([' ', ',']) {
        "" if clock.is_empty() => None,
        "" => Some(Moment { seconds, dated: false }),
        date => Some(Moment { seconds: day(date, order)? * DAY + seconds, dated: true }),
    }
}

/// The days since the start of 1970 of a whole number such as 20240115.
pub(super) fn compact(text: &str) -> Option<f64> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let valid = digits && (text.starts_with("19") || text.starts_with("20"));
    valid
        .then(|| days(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?))
        .flatten()
}

/// Year, month from 1, day of the month, and day of the week from Monday on as 0, of days since 1970.
pub(in crate::data) fn civil(days: f64) -> (f64, u32, u32, u32) {
    // Howard Hinnant's chrono-compatible algorithm, exact for all that is read here.
    let shifted = days as i64 + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year as f64, month as u32, day as u32, (days as i64 + 3).rem_euclid(7) as u32)
}

/// The date and the time of the day of a text.
fn split(text: &str) -> (&str, &str) {
    if let Some(colon) = text.find(':') {
        let start = text[..colon].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
        let date = text[..start].trim_end();
        let joined = date
            .strip_suffix(['T', 't'])
            .filter(|date| date.ends_with(|c: char| c.is_ascii_digit()));
        return (joined.unwrap_or(date), &text[start..]);
    }
    match text.find(['T', 't']) {
        // 20141013T000000
        Some(8)
            if text[9..].len() >= 4 && text.as_bytes()[9..13].iter().all(u8::is_ascii_digit) =>
        {
            (&text[..8], &text[9..])
        }
        _ => (text, ""),
    }
}

/// The seconds since midnight, by the clock of Greenwich where a zone is given.
fn time(text: &str) -> Option<f64> {
    let end =
        text.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(text.len());
    let (clock, rest) = text.split_at(end);
    let rest = rest.trim();
    let fields: Vec<&str> = match clock.contains(':') {
        true => clock.split(':').collect(),
        false => vec![
            clock.get(..2)?,
            clock.get(2..4)?,
            clock.get(4..).filter(|s| !s.is_empty()).unwrap_or("0"),
        ],
    };
    let (mut hour, minute, second) = match fields[..] {
        [hour, minute] => (hour, minute, "0"),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let of = |text: &str, most: f64| text.parse::<f64>().ok().filter(|number| *number < most);
    if hour.len() > 2 || hour.contains('.') || minute.len() != 2 || minute.contains('.') {
        return None;
    }
    let lower = rest.to_ascii_lowercase();
    let (half, zone) = match lower.get(..2) {
        Some("am") => (Some(0.0), lower[2..].trim()),
        Some("pm") => (Some(12.0), lower[2..].trim()),
        _ => (None, &*lower),
    };
    if half.is_some() && hour == "12" {
        hour = "0";
    }
    let seconds = of(hour, 24.0)? * 3600.0 + of(minute, 60.0)? * 60.0 + of(second, 61.0)?;
    Some(seconds + half.unwrap_or(0.0) * 3600.0 - offset(zone)?)
}

/// How many seconds a zone is ahead of Greenwich.
fn offset(zone: &str) -> Option<f64> {
    let (sign, rest) = match zone {
        "" | "z" | "utc" | "gmt" => return Some(0.0),
        zone if zone.starts_with('+') => (1.0, &zone[1..]),
        zone if zone.starts_with('-') => (-1.0, &zone[1..]),
        _ => return None,
    };
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    let number = |text: &str, most: f64| text.parse::<f64>().ok().filter(|n| *n < most);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match digits.len() {
        2 => Some(sign * number(&digits, 15.0)? * 3600.0),
        4 => {
            Some(sign * (number(&digits[..2], 15.0)? * 3600.0 + number(&digits[2..], 60.0)? * 60.0))
        }
        _ => None,
    }
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The place of a name, or of its first three or four letters, among others.
fn named(word: &str, names: &[&str]) -> Option<usize> {
    let word = word.to_ascii_lowercase();
    names.iter().position(|name| {
        *name == word || ((3..=4).contains(&word.len()) && name.starts_with(&word))
    })
}

/// The days since the start of 1970 of a date.
fn day(text: &str, order: Order) -> Option<f64> {
    let pieces: Vec<&str> =
        text.split([' ', ',', '-', '/', '.']).filter(|piece| !piece.is_empty()).collect();
    let pieces = match pieces[..] {
        [first, ref rest @ ..] if named(first, &WEEKDAYS).is_some() => rest.to_vec(),
        _ => pieces,
    };
    let number = |piece: &str| -> Option<u32> {
        let digits = piece.len() <= 4 && piece.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| piece.parse().ok()).flatten()
    };
    let short = |piece: &str| number(piece).filter(|_| piece.len() <= 2);
    let full = |piece: &str| number(piece).filter(|_| piece.len() == 4);
    // The years of two digits that POSIX means.
    let year = |piece: &str| {
        full(piece).or_else(|| {
            short(piece).filter(|_| piece.len() == 2).map(|y| y + if y < 69 { 2000 } else { 1900 })
        })
    };
    let ordinal = |piece: &str| {
        short(
            ["st", "nd", "rd", "th"]
                .iter()
                .find_map(|end| piece.strip_suffix(end))
                .unwrap_or(piece),
        )
    };
    let month = |piece: &str| named(piece, &MONTHS).map(|month| month as u32 + 1);
    match pieces[..] {
        [one] => compact(one),
        [a, b] => match (month(a), month(b)) {
            (Some(month), None) => days(full(b)?, month, 1),
            (None, Some(month)) => days(full(a)?, month, 1),
            _ => match (full(a), full(b)) {
                (Some(year), None) if b.len() == 2 => days(year, short(b)?, 1),
                (None, Some(year)) if a.len() == 2 => days(year, short(a)?, 1),
                _ => None,
            },
        },
        [a, b, c] => match (month(a), month(b), full(a)) {
            (Some(month), ..) => days(year(c)?, month, ordinal(b)?),
            (_, Some(month), Some(year)) => days(year, month, ordinal(c)?),
            (_, Some(month), None) => days(year(c)?, month, ordinal(a)?),
            (_, _, Some(year)) => days(year, short(b)?, short(c)?),
            _ => {
                let (a, b, year) = (short(a)?, short(b)?, year(c)?);
                match order {
                    Order::DayFirst => days(year, b, a),
                    Order::MonthFirst => days(year, a, b),
                }
            }
        },
        _ => None,
    }
}

fn days(year: u32, month: u32, day: u32) -> Option<f64> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let longest = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1000..=3000).contains(&year) || !(1..=longest).contains(&day) {
        return None;
    }
    let shifted = i64::from(year) - i64::from(month <= 2);
    let (era, of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let month = i64::from(if month > 2 { month - 3 } else { month + 9 });
    let of_year = (153 * month + 2) / 5 + i64::from(day) - 1;
    let days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    Some((era * 146_097 + days - 719_468) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_many_notations() {
        let fifteenth = Some(19_737.0 * DAY);
        for text in [
            "2024-01-15",
            "2024/1/15",
            "2024.01.15",
            "20240115",
            "15 Jan 2024",
            "Jan 15, 2024",
            "January 15 2024",
            "15-Jan-24",
            "Mon, 15 January 2024",
            "15th January 2024",
            "2024-01-15T00:00:00Z",
            "2024-01-15 00:00",
            "20240115T000000",
            "1/15/2024",
            "01/15/24",
            "2024-Jan-15",
            "2024-01-15T02:00:00+02:00",
            "1/15/2024 12:00 AM",
        ] {
            assert_eq!(
                moment(text, Order::MonthFirst).map(|found| found.seconds),
                fifteenth,
                "{text:?}"
            );
        }
        let first = |text| moment(text, Order::DayFirst).map(|found| found.seconds);
        assert_eq!(
            (first("15.1.2024"), first("15/01/2024"), first("1/15/2024")),
            (fifteenth, fifteenth, None)
        );
        assert_eq!(first("2024-01"), Some(19_723.0 * DAY));
        assert_eq!(first("Feb 2024"), Some(19_754.0 * DAY));
        let noon = moment("3:30 PM", Order::MonthFirst).unwrap();
        assert_eq!((noon.seconds, noon.dated), (55_800.0, false));
        for text in [
            "",
            "12",
            "2024",
            "2024-13-01",
            "2024-02-30",
            "1.2.3",
            "192.168.10.12",
            "555-12-34",
            "123-45-6789",
            "12-3",
            "25:00",
            "12:5",
            "a-b-c",
            "20241301",
            "2019-20",
            "12:30:61",
            "é1:30",
            "May",
        ] {
            assert_eq!(moment(text, Order::MonthFirst), None, "{text:?}");
        }
    }

    #[test]
    fn days_and_dates_are_inverse() {
        for (date, weekday) in
            [((1970, 1, 1), 3), ((2000, 2, 29), 1), ((2024, 1, 15), 0), ((1600, 3, 1), 2)]
        {
            let count = days(date.0, date.1, date.2).unwrap();
            assert_eq!(civil(count), (f64::from(date.0), date.1, date.2, weekday), "{date:?}");
        }
    }
}
