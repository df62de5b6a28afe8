use std::time::{Duration, Instant};

use super::*;

fn counters(count: usize) -> Vec<AtomicUsize> {
    (0..count).map(|_| AtomicUsize::new(0)).collect()
}

/// Waits for other threads, but not forever.
fn until(reached: impl Fn() -> bool) {
    let start = Instant::now();
    while !reached() {
        assert!(start.elapsed() < Duration::from_secs(20), "nobody came");
        std::thread::yield_now();
    }
}

#[test]
fn every_chunk_is_done_once_and_phases_order_their_writes() {
    let pool = Pool::new();
    for (threads, chunks) in [(1, 5), (2, 1), (7, 23), (3, 0), (2, 1000)] {
        let cells = counters(chunks);
        let alone = AtomicUsize::new(0);
        pool.run(threads, &|worker: &Worker<'_>| {
            assert!(worker.count() <= threads);
            for round in 1..200 {
                worker.each(chunks, |chunk| {
                    assert_eq!(cells[chunk].fetch_add(1, Ordering::Relaxed), round - 1);
                });
                worker.once(|| {
                    assert_eq!(alone.fetch_add(1, Ordering::Relaxed), round - 1);
                });
                worker.each(chunks, |_| {
                    assert!(cells.iter().all(|cell| cell.load(Ordering::Relaxed) == round));
                    assert_eq!(alone.load(Ordering::Relaxed), round);
                });
            }
        });
        assert_eq!(alone.into_inner(), 199);
    }
}

#[test]
fn helpers_wake_up_after_a_pause() {
    let pool = Pool::new();
    for _ in 0..3 {
        let begun = AtomicUsize::new(0);
        pool.run(3, &|worker: &Worker<'_>| {
            worker.each(3, |_| {
                begun.fetch_add(1, Ordering::Relaxed);
                until(|| begun.load(Ordering::Relaxed) == 3);
            });
        });
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn who_waits_long_sleeps_and_is_woken() {
    let pool = Pool::new();
    pool.run(2, &|worker: &Worker<'_>| {
        for _ in 0..5 {
            worker.once(|| std::thread::sleep(Duration::from_millis(5)));
            worker.each(2, |chunk| std::thread::sleep(Duration::from_millis(8 * chunk as u64)));
        }
    });
}

#[test]
fn a_helper_that_does_not_come_holds_up_nobody() {
    let pool = Pool::new();
    let (handle, job) = (None, AtomicPtr::new(null_mut()));
    let (asleep, stop) = Default::default();
    let mailbox = Mailbox { job, number: 1, meeting: Arc::clone(&pool.meeting), asleep, stop };
    let thread = std::thread::current();
    let absent = Helper { mailbox: Arc::new(mailbox), thread, handle };
    pool.crew.lock().unwrap().helpers.push(absent);
    let done = counters(16);
    pool.run(2, &|worker: &Worker<'_>| {
        worker.each(16, |chunk| _ = done[chunk].fetch_add(1, Ordering::Relaxed));
    });
    assert!(done.iter().all(|count| count.load(Ordering::Relaxed) == 1));
}

#[test]
fn what_a_slow_worker_has_not_started_is_done_by_others() {
    let pool = Pool::new();
    let done = AtomicUsize::new(0);
    pool.run(2, &|worker: &Worker<'_>| {
        worker.each(2 * PIECES, |_| {
            if worker.id() == 1 {
                until(|| done.load(Ordering::Relaxed) == 2 * PIECES - 1);
            }
            done.fetch_add(1, Ordering::Relaxed);
        });
    });
}

#[test]
fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
    let pool = Pool::new();
    for culprit in 0..3 {
        let caught = catch_unwind(AssertUnwindSafe(|| {
            pool.run(3, &|worker: &Worker<'_>| {
                worker.each(3, |chunk| assert!(chunk != culprit, "chunk {culprit} fails"));
                worker.each(3, |_| {});
            });
        }));
        let panic = caught.expect_err("the panic is passed on");
        let text = panic.downcast_ref::<String>().expect("with its own message");
        assert!(text.contains(&format!("chunk {culprit} fails")), "{text}");
    }
    let runs = AtomicUsize::new(0);
    pool.run(3, &|worker: &Worker<'_>| {
        worker.each(3, |_| _ = runs.fetch_add(1, Ordering::Relaxed));
    });
    assert_eq!(runs.into_inner(), 3);
}

#[test]
fn a_run_inside_a_run_is_done_by_its_caller() {
    let pool = Pool::new();
    let runs = AtomicUsize::new(0);
    pool.run(2, &|worker: &Worker<'_>| {
        worker.each(2, |_| {
            pool.run(2, &|worker: &Worker<'_>| {
                assert_eq!(worker.count(), 1);
                worker.each(1, |_| _ = runs.fetch_add(1, Ordering::Relaxed));
            });
        });
    });
    assert_eq!(runs.into_inner(), 2);
}

#[test]
fn a_run_beside_another_one_does_not_disturb_it() {
    let pool = Pool::new();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                pool.run(2, &|worker: &Worker<'_>| {
                    worker.once(|| ());
                    worker.each(3, |_| ());
                });
            }
        });
        let pause = |chunk| std::thread::sleep(Duration::from_micros(300 * chunk as u64));
        for _ in 0..100 {
            pool.run(2, &|worker: &Worker<'_>| {
                worker.each(2, pause);
                worker.once(|| ());
                worker.each(2, |chunk| pause(1 - chunk));
            });
        }
        stop.store(true, Ordering::Relaxed);
    });
}
