//! Profiles as tables.

use std::fmt;

use super::{Origin, Pass, Profile, Spent};

/// Rows of each table that are printed; the rest is added up.
const ROWS: usize = 20;

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.pass {
            Pass::Forward => "",
            Pass::Backward => "backward of ",
            Pass::Update => "update, ",
        })?;
        match (&self.layer, &self.line) {
            (Some(layer), Some(line)) => write!(f, "layer {layer}, {line}"),
            (Some(layer), None) => write!(f, "layer {layer}"),
            (None, Some(line)) => f.write_str(line),
            (None, None) => f.write_str("the library"),
        }
    }
}

/// A summary, then what lines and kernels took: seconds, their share, billions of bytes and of floating-point operations
/// a second, and of the machine's peak, if it is known.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kernels = self.kernels.iter().fold(Spent::default(), |mut sum, kernel| {
            sum.add(kernel.cost, 1.0);
            sum
        });
        write!(f, "{} calls, {} s in kernels", self.calls, short(kernels.seconds))?;
        let between = (self.seconds - kernels.seconds).max(0.0);
        write!(f, ", {} s between them", short(between))?;
        writeln!(f, ", {} s to record and plan", short(self.planning))?;
        write!(f, "{} GFLOP/s", short(kernels.rate(kernels.operations)))?;
        match self.peak {
            Some(peak) => {
                let share = percent(kernels.rate(kernels.operations) * 1e9 / peak);
                writeln!(f, ", {share} of the {} that this machine can", short(peak / 1e9))?;
            }
            None => writeln!(f)?,
        }
        let lines = self.lines.iter().map(|line| (line.cost, line.place.clone()));
        self.table(f, "line", &lines.collect::<Vec<_>>())?;
        let kernels = self.kernels.iter().map(|kernel| {
            let places = kernel.places.join("; ");
            let of = if places.is_empty() { String::new() } else { format!("  ({places})") };
            (kernel.cost, format!("{}{of}", kernel.kernel))
        });
        self.table(f, "kernel", &kernels.collect::<Vec<_>>())
    }
}

impl Profile {
    fn table(
        &self,
        f: &mut fmt::Formatter<'_>,
        what: &str,
        rows: &[(Spent, String)],
    ) -> fmt::Result {
        let all: f64 = rows.iter().map(|(cost, _)| cost.seconds).sum();
        let peak = if self.peak.is_some() { "  of peak" } else { "" };
        writeln!(f, "\n   seconds   share     GB/s  GFLOP/s{peak}  {what}")?;
        let mut row = |cost: &Spent, what: &str| {
            let share = percent(cost.seconds / all.max(f64::MIN_POSITIVE));
            let (bytes, operations) = (cost.rate(cost.bytes), cost.rate(cost.operations));
            write!(f, "{:>10}{share:>8}", short(cost.seconds))?;
            write!(f, "{:>9}{:>9}", short(bytes), short(operations))?;
            if let Some(peak) = self.peak {
                write!(f, "{:>9}", percent(operations * 1e9 / peak))?;
            }
            writeln!(f, "  {what}")
        };
        for (cost, what) in rows.iter().take(ROWS) {
            row(cost, what)?;
        }
        let mut rest = Spent::default();
        rows.iter().skip(ROWS).for_each(|(cost, _)| rest.add(*cost, 1.0));
        match rows.len().saturating_sub(ROWS) {
            0 => Ok(()),
            more => row(&rest, &format!("{more} more")),
        }
    }
}

impl Spent {
    /// Billions of something a second.
    fn rate(&self, amount: f64) -> f64 {
        if self.seconds > 0.0 { amount / self.seconds / 1e9 } else { 0.0 }
    }
}

/// Three digits.
fn short(value: f64) -> String {
    match value {
        0.0 => "0".to_string(),
        _ if value >= 100.0 => format!("{value:.0}"),
        _ if value >= 10.0 => format!("{value:.1}"),
        _ if value >= 1.0 => format!("{value:.2}"),
        _ if value >= 1e-3 => format!("{value:.4}"),
        _ => format!("{value:.1e}"),
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
