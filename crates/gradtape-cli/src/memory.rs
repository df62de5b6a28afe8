//! [`Memory`]: how much of it a table may take.

use std::fmt;
use std::fs;
use std::str::FromStr;

/// So many bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Memory(f64);

impl Memory {
    /// A quarter of what there is.
    pub(crate) fn usual() -> Memory {
        let all = [of_machine(), of_group()].into_iter().flatten();
        // In whole megabytes, so that it can be said again.
        Memory((all.fold(UNKNOWN, f64::min) / 4e6).floor().max(1.0) * 1e6)
    }

    pub(crate) fn bytes(self) -> f64 {
        self.0
    }
}

/// What is taken to be there where nobody tells.
const UNKNOWN: f64 = 16e9;

/// The memory of the machine, where Linux tells it.
fn of_machine() -> Option<f64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").trim().parse().ok()?;
    Some(1024.0 * kilobytes)
}

/// The limit of the control group, such as that of a container.
fn of_group() -> Option<f64> {
    fs::read_to_string("/sys/fs/cgroup/memory.max").ok()?.trim().parse().ok()
}

impl FromStr for Memory {
    type Err = String;

    fn from_str(text: &str) -> Result<Memory, String> {
        let form = || "it is a size such as 500MB or 2GB, at least 1MB".to_string();
        let end = text.find(|c: char| c.is_ascii_alphabetic() || c == ' ').ok_or_else(form)?;
        let (number, unit) = text.split_at(end);
        let unit = match unit.trim().to_ascii_lowercase().as_str() {
            "mb" | "m" => 1e6,
            "gb" | "g" => 1e9,
            "tb" | "t" => 1e12,
            "mib" => f64::from(1 << 20),
            "gib" => f64::from(1 << 30),
            _ => return Err(form()),
        };
        match number.parse::<f64>() {
            Ok(number) if number * unit >= 1e6 && number.is_finite() => Ok(Memory(number * unit)),
            _ => Err(form()),
        }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes % 1e9 == 0.0 => write!(f, "{}GB", bytes / 1e9),
            bytes => write!(f, "{}MB", bytes / 1e6),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit() {
        for (text, bytes, shown) in [
            ("2GB", 2e9, "2GB"),
            ("1.5 gib", 1_610_612_736.0, "1610.612736MB"),
            ("300m", 3e8, "300MB"),
        ] {
            let memory: Memory = text.parse().unwrap();
            assert_eq!((memory.bytes(), &*memory.to_string()), (bytes, shown));
            assert_eq!(shown.parse(), Ok(memory));
        }
        for wrong in ["", "5", "GB", "-1GB", "0.1MB", "infGB", "3 parsecs", "nanMB"] {
            assert!(wrong.parse::<Memory>().is_err(), "{wrong}");
        }
        assert!(Memory::usual().bytes() >= 1e6);
    }
}
