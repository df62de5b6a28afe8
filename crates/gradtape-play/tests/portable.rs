//! The bits that the page must have: those of the portable path. Alone, since the path is that of a whole process.

use gradtape::engine::cpu;
use gradtape_play::{Session, Settings};

/// Losses of the hundredth step and of all points after it; the page's test in a browser has the same.
#[test]
fn the_portable_path_has_the_losses_that_the_page_must_have() {
    cpu::set_isa("portable".parse().unwrap()).unwrap();
    let mut found = String::new();
    for line in include_str!("portable.txt").lines() {
        let settings = line.rsplit_once(": ").map_or(line, |(settings, _)| settings);
        let mut session =
            Session::new(Settings::read(&settings.replace(' ', "\n")).unwrap(), None).unwrap();
        session.advance(100).unwrap();
        let scores = session.scores();
        found += &format!("{settings}: {:?} {:?}\n", session.loss(), scores.train.loss);
    }
    assert_eq!(include_str!("portable.txt"), found, "tests/portable.txt has other numbers");
}
