//! Records are whole processes: what they come to, and what is refused.

use crate::common::{Folder, run};

#[test]
fn what_cannot_be_read_is_told_with_the_seed() {
    run("record mnist99 --data nowhere").fails(1, &["seed 1", "nowhere"]);
    run("record shakespeare --data nowhere.txt").fails(1, &["seed 1", "nowhere.txt"]);
    run("record mnist99 --data nowhere --seeds 0").fails(2, &["--seeds"]);
    run("record mnist99").fails(2, &["--data"]);
    run("record other --data nowhere").fails(2, &["mnist99", "shakespeare"]);
}

#[test]
fn a_text_that_is_too_short_is_refused() {
    let folder = Folder::new("short-text");
    folder.write("input.txt", "To be, or not to be");
    folder.run("record shakespeare --data input.txt").fails(1, &["seed 1", "input.txt", "650"]);
}
