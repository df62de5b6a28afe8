//! Files as chance would damage them: the same ones at every run.

use gradtape::Rng;

/// What damage likes to put in: signs of the formats, and numbers at the ends of ranges.
const PIECES: [&[u8]; 24] = [
    b"\0",
    b"\xff",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\n",
    b"\r\n",
    b",",
    b";",
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b"(",
    b")",
    b":",
    b"-",
    b"%",
    b"e999",
    b"99999999999999999999",
    b"-1",
    b"NaN",
    "é".as_bytes(),
    b"\xc3",
];

/// Calls `parse` with `count` damaged copies of the samples, and with the samples themselves; `parse` tells
/// whether it took them. Neither all nor none may be taken, or the damage shows nothing.
pub(crate) fn mutated(samples: &[&[u8]], count: usize, mut parse: impl FnMut(&[u8]) -> bool) {
    let mut rng = Rng::new(17);
    for sample in samples {
        assert!(parse(sample), "{:?}", String::from_utf8_lossy(sample));
    }
    let mut taken = 0;
    for _ in 0..count {
        let mut bytes = samples[rng.below(samples.len())].to_vec();
        for _ in 0..1 + rng.below(4) {
            damage(&mut bytes, samples, &mut rng);
        }
        taken += usize::from(parse(&bytes));
    }
    assert!(0 < taken && taken < count, "{taken} of {count} were taken");
}

fn damage(bytes: &mut Vec<u8>, samples: &[&[u8]], rng: &mut Rng) {
    let mut below = |most: usize| rng.below(most.max(1));
    let (from, len) = (below(bytes.len()), 1 + below(12));
    let to = (from + len).min(bytes.len());
    match below(7) {
        0 if from < bytes.len() => bytes[from] ^= 1 << below(8),
        1 => bytes.truncate(from),
        2 => drop(bytes.drain(from..to)),
        3 => {
            let again = bytes[from..to].to_vec();
            bytes.splice(from..from, again);
        }
        4 => {
            let other = samples[below(samples.len())];
            let start = below(other.len());
            bytes.truncate(from);
            bytes.extend_from_slice(&other[start..]);
        }
        5 => drop(bytes.splice(from..from, PIECES[below(PIECES.len())].iter().copied())),
        _ => drop(bytes.splice(from..to, PIECES[below(PIECES.len())].iter().copied())),
    }
}
