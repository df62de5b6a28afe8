//! Small problems in the plane, drawn at random.

use std::f64::consts::{PI, TAU};

use super::Dataset;
use crate::tensor::{Error, Kind, Result, Rng, Tensor};

/// Two interleaved half circles of radius 1, one class each, in turn.
///
/// `n` points `[n, 2]` (f32) with normal noise of standard deviation `noise` added to both
/// coordinates. Class 0 lies on (cos t, sin t), class 1 on (1 - cos t, 1/2 - sin t), with t evenly
/// spaced over [0, π].
/// Fails when `noise` is negative or not finite, as the other generators do.
///
/// ```
/// let data = gradtape::data::moons(200, 0.1, 42)?;
/// assert_eq!(data.inputs().shape()[..], [200, 2]);
/// assert_eq!(data.class_count(), Some(2));
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn moons(n: usize, noise: f64, seed: u64) -> Result<Dataset> {
    two_curves(n, noise, seed, |share, class| {
        let (sin, cos) = (PI * share).sin_cos();
        if class == 0 { [cos, sin] } else { [1.0 - cos, 0.5 - sin] }
    })
}

/// Two circles around the origin: class 0 with radius 1, class 1 with radius 1/2.
///
/// Otherwise as [`moons`], with angles evenly spaced over the full turn.
///
/// ```
/// let data = gradtape::data::circles(4, 0.0, 42)?;
/// // Outside and inside in turn, and opposite each other.
/// let points = data.inputs().to_vec::<f32>()?;
/// assert_eq!((points[0], points[2]), (1.0, 0.5));
/// assert_eq!(data.labels(), Some(&[0, 1, 0, 1][..]));
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn circles(n: usize, noise: f64, seed: u64) -> Result<Dataset> {
    two_curves(n, noise, seed, |share, class| {
        let (sin, cos) = (TAU * share).sin_cos();
        let radius = if class == 0 { 1.0 } else { 0.5 };
        [radius * cos, radius * sin]
    })
}

/// Two spiral arms of one and a half turns, opposite each other; the radius grows from 0 to 1.
///
/// Otherwise as [`moons`].
///
/// ```
/// let data = gradtape::data::spiral(200, 0.02, 42)?;
/// assert_eq!((data.len(), data.class_count()), (200, Some(2)));
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn spiral(n: usize, noise: f64, seed: u64) -> Result<Dataset> {
    two_curves(n, noise, seed, |share, class| {
        let (sin, cos) = (1.5 * TAU * share + class as f64 * PI).sin_cos();
        [share * cos, share * sin]
    })
}

/// Points drawn evenly from the square [-1, 1] x [-1, 1]: class 1 where the signs differ, else 0.
///
/// The noise is added after the class is decided. Otherwise as [`moons`].
///
/// ```
/// let data = gradtape::data::xor(100, 0.0, 42)?;
/// let points = data.inputs().to_vec::<f32>()?;
/// for (point, &label) in points.chunks(2).zip(data.labels().unwrap()) {
///     assert_eq!(label == 1, point[0] * point[1] < 0.0);
/// }
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn xor(n: usize, noise: f64, seed: u64) -> Result<Dataset> {
    let mut places = Rng::new(seed).split(PLACES);
    let points = (0..n).map(|_| [2.0 * places.uniform() - 1.0, 2.0 * places.uniform() - 1.0]);
    let labelled = points.map(|[x, y]| ([x, y], i64::from((x < 0.0) != (y < 0.0))));
    dataset(labelled, n, noise, seed)
}

/// Three heaps around points of the unit circle, a third of a turn apart, one class each, in turn.
///
/// Class 0 lies around (0, 1), class 1 to its left, class 2 to its right. Otherwise as [`moons`].
///
/// ```
/// let data = gradtape::data::blobs(300, 0.2, 42)?;
/// assert_eq!((data.len(), data.class_count()), (300, Some(3)));
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn blobs(n: usize, noise: f64, seed: u64) -> Result<Dataset> {
    let labelled = (0..n).map(|i| {
        let (sin, cos) = (TAU * (0.25 + (i % 3) as f64 / 3.0)).sin_cos();
        ([cos, sin], (i % 3) as i64)
    });
    points(labelled, n, noise, seed, &["0", "1", "2"])
}

/// Streams of the seed: the places of points, and the noise.
const PLACES: u64 = 0;
const NOISE: u64 = 1;

/// Points on two curves given by the share of the way along them, from 0 to 1.
fn two_curves(
    n: usize,
    noise: f64,
    seed: u64,
    curve: impl Fn(f64, i64) -> [f64; 2],
) -> Result<Dataset> {
    let labelled = (0..n).map(|i| {
        let class = i % 2;
        let of_class = (n + 1 - class) / 2;
        let share = (i / 2) as f64 / (of_class.max(2) - 1) as f64;
        (curve(share, class as i64), class as i64)
    });
    dataset(labelled, n, noise, seed)
}

fn dataset(
    labelled: impl Iterator<Item = ([f64; 2], i64)>,
    n: usize,
    noise: f64,
    seed: u64,
) -> Result<Dataset> {
    points(labelled, n, noise, seed, &["0", "1"])
}

fn points(
    labelled: impl Iterator<Item = ([f64; 2], i64)>,
    n: usize,
    noise: f64,
    seed: u64,
    classes: &[&str],
) -> Result<Dataset> {
    if !(0.0..f64::INFINITY).contains(&noise) {
        let message = format!("points with noise of standard deviation {noise}");
        return Err(Error::new(Kind::Value, message).hint("it must be 0 or a positive number"));
    }
    let mut rng = Rng::new(seed).split(NOISE);
    let (mut inputs, mut labels) = (Vec::new(), Vec::new());
    for (point, label) in labelled {
        inputs.extend(point.map(|coordinate| (coordinate + noise * rng.normal()) as f32));
        labels.push(label);
    }
    Dataset::new(Tensor::from_vec(inputs, [n, 2])?, Tensor::from_vec(labels, n)?)?
        .with_features(["x", "y"])?
        .with_classes(classes.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(data: &Dataset) -> Vec<(f32, f32, i64)> {
        let inputs = data.inputs().to_vec::<f32>().unwrap();
        let labels = data.labels().unwrap();
        inputs.chunks(2).zip(labels).map(|(p, &label)| (p[0], p[1], label)).collect()
    }

    #[test]
    fn without_noise_the_points_lie_on_their_curves() {
        for (x, y, class) in points(&moons(51, 0.0, 1).unwrap()) {
            let (x, y) = if class == 0 { (x, y) } else { (1.0 - x, 0.5 - y) };
            assert!((x.hypot(y) - 1.0).abs() < 1e-6 && y > -1e-6);
        }
        for (x, y, class) in points(&circles(51, 0.0, 1).unwrap()) {
            assert!((x.hypot(y) - [1.0, 0.5][class as usize]).abs() < 1e-6);
        }
        for (i, (x, y, class)) in points(&spiral(50, 0.0, 1).unwrap()).into_iter().enumerate() {
            let share = (i / 2) as f32 / 24.0;
            assert!((x.hypot(y) - share).abs() < 1e-6);
            let angle = 3.0 * PI as f32 * share + class as f32 * PI as f32;
            assert!((share * angle.cos() - x).abs() < 1e-5);
        }
        for (x, y, class) in points(&xor(50, 0.0, 1).unwrap()) {
            assert_eq!(class == 1, x * y < 0.0);
            assert!(x.abs() <= 1.0 && y.abs() <= 1.0);
        }
        for (x, y, class) in points(&blobs(9, 0.0, 1).unwrap()) {
            let half = 0.75f32.sqrt();
            let centre = [(0.0, 1.0), (-half, -0.5), (half, -0.5)][class as usize];
            assert!((x - centre.0).hypot(y - centre.1) < 1e-6, "{class}: {x} {y}");
        }
    }

    #[test]
    fn the_seed_decides_and_the_noise_has_its_size() {
        type Generator = fn(usize, f64, u64) -> Result<Dataset>;
        for generator in [moons, circles, spiral, xor, blobs] as [Generator; 5] {
            let draw = |noise, seed| points(&generator(2000, noise, seed).unwrap());
            let (exact, noisy) = (draw(0.0, 3), draw(0.1, 3));
            assert_eq!(noisy, draw(0.1, 3));
            assert_ne!(noisy, draw(0.1, 4));
            let squares = exact.iter().zip(&noisy).map(|(a, b)| (a.0 - b.0).powi(2));
            let deviation = (squares.sum::<f32>() / 2000.0).sqrt();
            assert!((deviation - 0.1).abs() < 0.01, "{deviation}");
            assert!(generator(10, -0.1, 0).is_err());
            assert!(generator(10, f64::NAN, 0).is_err());
            for n in 0..4 {
                let few = generator(n, 0.0, 0).unwrap();
                assert_eq!(few.len(), n);
                assert!(few.inputs().to_f64_vec().iter().all(|x| x.is_finite()));
            }
        }
    }
}
