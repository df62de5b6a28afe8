//! Counts and times, in the text form that Prometheus reads.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the counts of times, in seconds.
const BOUNDS: [f64; 9] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5];

/// What happened since the start.
#[derive(Default)]
pub(crate) struct Metrics {
    /// Requests for answers by the first digit of their status: 2, 4, 5.
    requests: [AtomicU64; 3],
    rows: AtomicU64,
    /// Up to each bound, from the one before it on.
    buckets: [AtomicU64; BOUNDS.len()],
    /// In microseconds.
    seconds: AtomicU64,
}

impl Metrics {
    /// Counts a request for answers.
    pub(crate) fn request(&self, status: u16, took: Duration) {
        let kind = match status {
            200..300 => 0,
            300..500 => 1,
            _ => 2,
        };
        add(&self.requests[kind], 1);
        let seconds = took.as_secs_f64();
        let place = BOUNDS.partition_point(|bound| *bound < seconds);
        self.buckets.get(place).into_iter().for_each(|bucket| add(bucket, 1));
        add(&self.seconds, took.as_micros() as u64);
    }

    /// Counts rows that were answered.
    pub(crate) fn answered(&self, rows: usize) {
        add(&self.rows, rows as u64);
    }

    pub(crate) fn text(&self) -> String {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let mut text = String::new();
        let mut head = |name: &str, kind: &str, help: &str| {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
            std::mem::take(&mut text)
        };
        let mut all = head("gradtape_requests_total", "counter", "Requests for predictions.");
        for (class, count) in ["2xx", "4xx", "5xx"].iter().zip(&self.requests) {
            let _ = writeln!(all, "gradtape_requests_total{{status=\"{class}\"}} {}", read(count));
        }
        all += &head("gradtape_rows_total", "counter", "Rows that were answered.");
        let _ = writeln!(all, "gradtape_rows_total {}", read(&self.rows));
        let name = "gradtape_request_seconds";
        all += &head(name, "histogram", "From the head of a request to its answer.");
        let mut within = 0;
        for (bound, bucket) in BOUNDS.iter().zip(&self.buckets) {
            within += read(bucket);
            let _ = writeln!(all, "{name}_bucket{{le=\"{bound}\"}} {within}");
        }
        let count: u64 = self.requests.iter().map(read).sum();
        let sum = read(&self.seconds) as f64 * 1e-6;
        let _ = write!(
            all,
            "{name}_bucket{{le=\"+Inf\"}} {count}\n{name}_sum {sum}\n{name}_count {count}\n"
        );
        all
    }
}

fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}
