//! The table of a [`HealthReport`].

use std::fmt;

use super::HealthReport;

impl fmt::Display for HealthReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = self.layers.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        let wide = longest.max("layer".len());
        writeln!(f, "{:<wide$}  gradient    weight    update    dead  saturated", "layer")?;
        let number = |value: Option<f64>| value.map_or("-".to_string(), |v| format!("{v:.1e}"));
        let share =
            |value: Option<f64>| value.map_or("-".to_string(), |v| format!("{:.0} %", 100.0 * v));
        for row in &self.layers {
            let (gradient, weight, update) =
                (number(row.gradient), number(row.weight), number(row.update));
            let (dead, saturated) = (share(row.dead), share(row.saturated));
            let name = &row.name;
            let line = format!(
                "{name:<wide$}  {gradient:>8}  {weight:>8}  {update:>8}  {dead:>6}  {saturated:>9}"
            );
            writeln!(f, "{line}")?;
        }
        self.warnings.iter().try_for_each(|warning| writeln!(f, "{warning}"))
    }
}
