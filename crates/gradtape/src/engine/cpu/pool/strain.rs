//! [`Strain`]: whether helpers help, on a machine whose cores others want too.

use std::time::{Duration, Instant};

/// How long the caller waited for helpers of late. One who has begun a piece and is not run by the system holds up
/// all others: where the caller waits for most of the time, it is faster alone, and helpers are asked again later.
#[derive(Debug, Default)]
pub(super) struct Strain {
    runs: u32,
    time: Duration,
    waited: Duration,
    /// Until when the caller works alone, and for how long it does.
    alone: Option<(Instant, Duration)>,
}

/// Runs that are looked at together, and how long they take at least.
const RUNS: u32 = 8;
const TIME: Duration = Duration::from_millis(1);

/// How long helpers rest at first, and at most.
const FIRST_REST: Duration = Duration::from_millis(20);
const LONGEST_REST: Duration = Duration::from_secs(1);

impl Strain {
    /// Whether the caller is to work alone.
    pub(super) fn rests(&self, now: impl FnOnce() -> Instant) -> bool {
        self.alone.is_some_and(|(until, _)| now() < until)
    }

    /// Notes a run of so many threads.
    pub(super) fn note(&mut self, now: Instant, time: Duration, waited: Duration, threads: usize) {
        self.runs += 1;
        self.time += time;
        self.waited += waited;
        if self.runs < RUNS || self.time < TIME {
            return;
        }
        // What was done while the caller worked, times the threads, is all that it would have done alone.
        let worked = self.time.saturating_sub(self.waited);
        let slower = worked * u32::try_from(threads).unwrap_or(u32::MAX) < self.time;
        let rest = match (slower, self.alone) {
            (false, _) => None,
            (true, None) => Some(FIRST_REST),
            (true, Some((_, last))) => Some((2 * last).min(LONGEST_REST)),
        };
        *self = Strain { alone: rest.map(|rest| (now + rest, rest)), ..Strain::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// After so many equal runs.
    fn strained(strain: &mut Strain, now: Instant, waited: Duration, threads: usize) {
        (0..RUNS).for_each(|_| strain.note(now, MS, waited, threads));
    }

    #[test]
    fn helpers_rest_where_the_caller_waits_most_of_the_time() {
        let now = Instant::now();
        let mut strain = Strain::default();
        strained(&mut strain, now, MS * 4 / 10, 2);
        assert!(!strain.rests(|| now), "helpers do more than the caller waits");
        strained(&mut strain, now, MS * 6 / 10, 2);
        assert!(strain.rests(|| now) && !strain.rests(|| now + 21 * MS));
        // Of more threads the caller may wait longer.
        let mut strain = Strain::default();
        strained(&mut strain, now, MS * 6 / 10, 4);
        assert!(!strain.rests(|| now));
    }

    #[test]
    fn they_rest_longer_each_time_and_are_back_once_they_help() {
        let now = Instant::now();
        let mut strain = Strain::default();
        let lengths: Vec<u128> = (0..8)
            .map(|_| {
                strained(&mut strain, now, MS, 2);
                strain.alone.unwrap().1.as_millis()
            })
            .collect();
        assert_eq!(lengths, [20, 40, 80, 160, 320, 640, 1000, 1000]);
        strained(&mut strain, now, Duration::ZERO, 2);
        assert!(!strain.rests(|| now));
        strained(&mut strain, now, MS, 2);
        assert_eq!(strain.alone.unwrap().1, FIRST_REST);
    }

    #[test]
    fn short_runs_are_looked_at_for_a_while() {
        let now = Instant::now();
        let mut strain = Strain::default();
        let run = Duration::from_micros(10);
        (0..99).for_each(|_| strain.note(now, run, run, 2));
        assert!(!strain.rests(|| now));
        strain.note(now, run, run, 2);
        assert!(strain.rests(|| now));
    }
}
