//! The numbers that the page must have: those of the portable path. Alone, since the path is that of a whole process.

use gradtape::engine::cpu;
use gradtape_play::{Session, Settings};

/// Losses of the hundredth step and of all points after it; the page's test in a browser has the same. Systems differ in
/// the last digit of a logarithm.
#[test]
fn the_portable_path_has_the_losses_that_the_page_must_have() {
    cpu::set_isa("portable".parse().unwrap()).unwrap();
    for line in include_str!("portable.txt").lines() {
        let (settings, losses) = line.rsplit_once(": ").unwrap();
        let text = settings.replace(' ', "\n");
        let mut session = Session::new(Settings::read(&text).unwrap(), None).unwrap();
        session.advance(100).unwrap();
        let found = [session.loss(), session.scores().train.loss];
        for (found, loss) in found.into_iter().zip(losses.split(' ')) {
            let loss: f64 = loss.parse().unwrap();
            assert!((found - loss).abs() <= 1e-6 * loss, "{settings}: {found:?}, not {loss:?}");
        }
    }
}
