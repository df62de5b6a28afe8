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
    if text.len() < 4 || text.len() > 40 || !text.bytes().any(|b| b.is_ascii_digit()) {
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
        let digits = text[..colon].bytes().rev().take_while(u8::is_ascii_digit).count();
        let start = colon - digits;
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
    // 24:00 is the end of the day.
    let end = half.is_none() && hour == "24";
    let hours = if end { 24.0 } else { of(hour, 24.0)? };
    let rest = of(minute, 60.0)? * 60.0 + of(second, 61.0)?;
    let seconds = hours * 3600.0 + Some(rest).filter(|rest| !end || *rest == 0.0)?;
    Some(seconds + half.unwrap_or(0.0) * 3600.0 - offset(zone)?)
}

/// Names of zones with their hours ahead of Greenwich; those that mean several are not among them.
const ZONES: [(&str, f64); 25] = [
    ("z", 0.0),
    ("utc", 0.0),
    ("gmt", 0.0),
    ("wet", 0.0),
    ("west", 1.0),
    ("cet", 1.0),
    ("mez", 1.0),
    ("cest", 2.0),
    ("mesz", 2.0),
    ("eet", 2.0),
    ("eest", 3.0),
    ("msk", 3.0),
    ("est", -5.0),
    ("edt", -4.0),
    ("cst", -6.0),
    ("cdt", -5.0),
    ("mst", -7.0),
    ("mdt", -6.0),
    ("pst", -8.0),
    ("pdt", -7.0),
    ("jst", 9.0),
    ("kst", 9.0),
    ("aest", 10.0),
    ("aedt", 11.0),
    ("nzst", 12.0),
];

/// How many seconds a zone is ahead of Greenwich.
fn offset(zone: &str) -> Option<f64> {
    let name = zone.strip_prefix('(').and_then(|zone| zone.strip_suffix(')')).unwrap_or(zone);
    let zone = zone.strip_prefix("utc").or(zone.strip_prefix("gmt")).unwrap_or(zone);
    let (sign, rest) = match zone {
        "" => return Some(0.0),
        _ if let Some((_, hours)) = ZONES.iter().find(|(own, _)| *own == name) => {
            return Some(hours * 3600.0);
        }
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

/// In English, then in German and French where they differ in their beginnings.
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

const OTHER_MONTHS: [(&str, usize); 24] = [
    ("januar", 0),
    ("jänner", 0),
    ("janvier", 0),
    ("februar", 1),
    ("février", 1),
    ("fevrier", 1),
    ("märz", 2),
    ("maerz", 2),
    ("mrz", 2),
    ("mars", 2),
    ("avril", 3),
    ("mai", 4),
    ("juni", 5),
    ("juin", 5),
    ("juli", 6),
    ("juillet", 6),
    ("août", 7),
    ("aout", 7),
    ("septembre", 8),
    ("oktober", 9),
    ("octobre", 9),
    ("novembre", 10),
    ("dezember", 11),
    ("décembre", 11),
];

const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Those that are not abbreviated.
const OTHER_WEEKDAYS: [&str; 14] = [
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonntag",
    "lundi",
    "mardi",
    "mercredi",
    "jeudi",
    "vendredi",
    "samedi",
    "dimanche",
];

/// Whether a word is a name, or its first three or four letters.
fn is_named(word: &str, name: &str) -> bool {
    *name == *word || ((3..=4).contains(&word.chars().count()) && name.starts_with(word))
}

fn is_weekday(word: &str) -> bool {
    let word = word.to_lowercase();
    WEEKDAYS.iter().any(|name| is_named(&word, name)) || OTHER_WEEKDAYS.contains(&&*word)
}

/// The number of a month, from 1.
fn month(word: &str) -> Option<u32> {
    if word.len() > 10 || word.as_bytes().first().is_none_or(u8::is_ascii_digit) {
        return None;
    }
    let word = word.to_lowercase();
    let english = || MONTHS.iter().position(|name| is_named(&word, name));
    let other = || {
        let found = OTHER_MONTHS.iter().find(|(name, _)| is_named(&word, name));
        // Of June and July the first three letters are the same in French.
        found.map(|(_, month)| *month).filter(|_| word != "jui")
    };
    english().or_else(other).map(|month| month as u32 + 1)
}

/// The days since the start of 1970 of a date.
fn day(text: &str, order: Order) -> Option<f64> {
    let pieces: Vec<&str> =
        text.split([' ', ',', '-', '/', '.']).filter(|piece| !piece.is_empty()).collect();
    let pieces = match pieces[..] {
        [first, ref rest @ ..] if is_weekday(first) => rest.to_vec(),
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
            ["st", "nd", "rd", "th", "er"]
                .iter()
                .find_map(|end| piece.strip_suffix(end))
                .unwrap_or(piece),
        )
    };
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
            "15. Januar 2024",
            "15 janvier 2024",
            "Montag, 15. Jan. 2024",
            "lundi 15 janv. 2024",
            "15. Jänner 2024",
            "1/14/2024 24:00",
            "2024-01-14T24:00:00Z",
            "2024-01-15 00:00 UTC",
            "2024-01-14 19:00 EST",
            "2024-01-15 01:00 CET",
            "2024-01-15 02:00 UTC+02:00",
            "2024-01-15 00:00 (GMT)",
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
        for (text, month) in [
            ("3. März 2024", 3),
            ("3 mars 2024", 3),
            ("3. Mrz 2024", 3),
            ("1er août 2024", 8),
            ("3. Dez. 2024", 12),
            ("3 déc. 2024", 12),
            ("3 juil. 2024", 7),
            ("3 juin 2024", 6),
            ("3. OKTOBER 2024", 10),
            ("3-Mai-24", 5),
            ("3 févr. 2024", 2),
            ("3 FÉVRIER 2024", 2),
        ] {
            let days = moment(text, Order::MonthFirst).map(|found| found.seconds / DAY);
            assert_eq!(days.map(|days| civil(days).1), Some(month), "{text:?}");
        }
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
            "24:01",
            "25:00 UTC",
            "2024-01-15 10:00 XYZ",
            "3. jui 2024",
            "ö:30",
            "12ö:30",
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
