//! Timing and the line of JSON.

use std::process::Command;
use std::time::{Duration, Instant};

use gradtape::{Error, Kind, Result};

const WARM_UP: Duration = Duration::from_secs(1);
const WARM_UP_STEPS: usize = 3;
const MEASURE: Duration = Duration::from_secs(5);
const MIN_SAMPLES: usize = 15;
const MAX_SAMPLES: usize = 3000;
const COLD_STARTS: usize = 3;

/// What a workload gives: the times of its steps and, if it trains, its accuracy.
pub(crate) struct Samples {
    /// The time of the first step less the median one: planning, and whatever else is done once.
    pub(crate) first: Option<Duration>,
    /// One time for each step.
    pub(crate) times: Vec<Duration>,
    /// The greatest memory the process held, in MiB.
    pub(crate) peak_rss_mb: f64,
    /// The share of test rows that are right.
    pub(crate) accuracy: Option<f64>,
}

/// Times `step` after a warm-up, one sample for each call.
pub(crate) fn measure(mut step: impl FnMut() -> Result<()>) -> Result<Samples> {
    let start = Instant::now();
    step()?;
    let first = start.elapsed();
    let (start, mut steps) = (Instant::now(), 0);
    while steps < WARM_UP_STEPS || start.elapsed() < WARM_UP {
        step()?;
        steps += 1;
    }
    let mut times = Vec::with_capacity(MAX_SAMPLES);
    let start = Instant::now();
    while times.len() < MIN_SAMPLES || (times.len() < MAX_SAMPLES && start.elapsed() < MEASURE) {
        let step_start = Instant::now();
        step()?;
        times.push(step_start.elapsed());
    }
    Ok(Samples { first: Some(first), times, peak_rss_mb: peak_rss_mb()?, accuracy: None })
}

/// Times whole processes that run `child` with the flags, after one that is discarded because it fills the page
/// cache.
pub(crate) fn cold_starts(child: &str, flags: &[String]) -> Result<Samples> {
    let failed = |e: std::io::Error| Error::new(Kind::File, format!("the child process: {e}"));
    let exe = std::env::current_exe().map_err(failed)?;
    let (mut times, mut rss, mut accuracy) = (Vec::new(), 0.0, 0.0);
    for run in 0..=COLD_STARTS {
        let start = Instant::now();
        let output = Command::new(&exe).arg(child).args(flags).output().map_err(failed)?;
        let elapsed = start.elapsed();
        let text = String::from_utf8_lossy(&output.stdout);
        let mut numbers = text.split_whitespace().map(str::parse::<f64>);
        let (Some(Ok(right)), Some(Ok(peak))) = (numbers.next(), numbers.next()) else {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(Error::new(Kind::Value, format!("the child process failed: {said}")));
        };
        (accuracy, rss) = (right, peak);
        if run > 0 {
            times.push(elapsed);
        }
    }
    Ok(Samples { first: None, times, peak_rss_mb: rss, accuracy: Some(accuracy) })
}

/// The greatest memory this process held so far, in MiB.
pub(crate) fn peak_rss_mb() -> Result<f64> {
    let missing = || Error::new(Kind::File, "the peak memory is read from Linux's /proc");
    let status = std::fs::read_to_string("/proc/self/status").map_err(|_| missing())?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).ok_or_else(missing)?;
    let kib = line.split_whitespace().nth(1).and_then(|text| text.parse::<f64>().ok());
    Ok(kib.ok_or_else(missing)? / 1024.0)
}

impl Samples {
    /// The median time of a step in microseconds.
    pub(crate) fn median_us(mut self) -> f64 {
        self.times.sort();
        self.quantile_us(0.5)
    }

    /// The time that a share of the steps stayed below, in microseconds; the times must be in order.
    fn quantile_us(&self, q: f64) -> f64 {
        let last = self.times.len().saturating_sub(1) as f64;
        let time = self.times.get((last * q).round() as usize).copied().unwrap_or_default();
        time.as_secs_f64() * 1e6
    }

    /// One JSON object on one line, with the fields that every framework's benchmark prints.
    pub(crate) fn json(mut self, workload: &str) -> String {
        self.times.sort();
        let at = |q: f64| self.quantile_us(q);
        let compile = match self.first {
            Some(first) => format!("{:.6}", (first.as_secs_f64() - at(0.5) / 1e6).max(0.0)),
            None => "null".into(),
        };
        let accuracy = self.accuracy.map(|a| format!(", \"accuracy\": {a:.4}")).unwrap_or_default();
        format!(
            "{{\"workload\": \"{workload}\", \"framework\": \"gradtape\", \"version\": \"{}\", \
             \"median_us\": {:.2}, \"p10_us\": {:.2}, \"p90_us\": {:.2}, \"peak_rss_mb\": {:.1}, \
             \"compile_s\": {compile}{accuracy}, \"isa\": \"{}\"}}",
            env!("CARGO_PKG_VERSION"),
            at(0.5),
            at(0.1),
            at(0.9),
            self.peak_rss_mb,
            gradtape::engine::cpu::isa(),
        )
    }
}
