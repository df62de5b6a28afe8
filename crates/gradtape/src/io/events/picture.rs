//! Pictures of weights, as PNG.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

use super::encode::Picture;
use crate::tensor::{DType, Tensor};

/// Tiles of a picture at most.
const TILES: usize = 64;
/// Dots of a picture's side at most.
const SIDE: usize = 2048;
/// Dots that a tile's side should have at least.
const TILE: usize = 24;

/// A picture of weights; none where their shape has no picture.
pub(super) fn of_weights(weights: &Tensor) -> Option<Picture> {
    let values = weights.cast(DType::F64).to_vec::<f64>().ok()?;
    if values.is_empty() {
        return None;
    }
    let tiles = match weights.shape()[..] {
        [n, channels, height, width] => Tiles { n, channels, height, width },
        [n, size] => match square(size) {
            Some((channels, side)) => Tiles { n, channels, height: side, width: side },
            None => Tiles { n: 1, channels: 1, height: n, width: size },
        },
        _ => return None,
    };
    (tiles.height <= SIDE && tiles.width <= SIDE).then(|| tiles.draw(&values))
}

/// Channels and side of a square picture with so many numbers, if it can be one.
fn square(size: usize) -> Option<(usize, usize)> {
    let of = |channels: usize| {
        let side = (size as f64 / channels as f64).sqrt().round() as usize;
        (side >= 4 && channels * side * side == size).then_some((channels, side))
    };
    of(1).or_else(|| of(3))
}

struct Tiles {
    n: usize,
    channels: usize,
    height: usize,
    width: usize,
}

impl Tiles {
    fn draw(&self, values: &[f64]) -> Picture {
        let Tiles { n, channels, height, width } = *self;
        let n = n.min(TILES);
        let columns = ((n as f64).sqrt().ceil() as usize).max(1);
        let rows = n.div_ceil(columns);
        let most = SIDE / (rows * (height + 1)).max(columns * (width + 1)).max(1);
        let zoom = TILE.div_ceil(height.min(width)).min(most).max(1);
        let (high, wide) = (height * zoom + 1, width * zoom + 1);
        let (picture_height, picture_width) = (rows * high - 1, columns * wide - 1);
        let area = height * width;
        let mean = |tile: usize, place: usize| {
            let of = |channel: usize| values[(tile * channels + channel) * area + place];
            (0..channels).map(of).sum::<f64>() / channels as f64
        };
        let all = (0..n).flat_map(|tile| (0..area).map(move |place| (tile, place)));
        let sizes = all.map(|(tile, place)| mean(tile, place).abs());
        let greatest = sizes.filter(|size| size.is_finite()).fold(f64::MIN_POSITIVE, f64::max);
        // A byte before each line says how it is filtered: not at all.
        let mut lines = Vec::with_capacity(picture_height * (1 + 3 * picture_width));
        for y in 0..picture_height {
            lines.push(0);
            for x in 0..picture_width {
                let tile = y / high * columns + x / wide;
                let (down, right) = (y % high / zoom, x % wide / zoom);
                let inside = tile < n && down < height && right < width;
                let colour = match inside {
                    true => colour(mean(tile, down * width + right) / greatest),
                    false => BETWEEN,
                };
                lines.extend(colour);
            }
        }
        let png = png(picture_width, picture_height, &lines);
        Picture { height: picture_height, width: picture_width, png }
    }
}

const BETWEEN: [u8; 3] = [96, 96, 96];

/// From blue at -1 by white at 0 to red at 1; black for NaN.
fn colour(value: f64) -> [u8; 3] {
    if value.is_nan() {
        return [0, 0, 0];
    }
    let pale = |end: f64| (255.0 + (end - 255.0) * value.abs().min(1.0)).round() as u8;
    let [r, g, b] = if value < 0.0 { [33.0, 102.0, 172.0] } else { [178.0, 24.0, 43.0] };
    [pale(r), pale(g), pale(b)]
}

/// Lines of red, green and blue, each with its filter's byte before it, as a file.
fn png(width: usize, height: usize, lines: &[u8]) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    // Writing to memory cannot fail.
    let _ = packed.write_all(lines);
    let packed = packed.finish().unwrap_or_default();
    let (eight_bits, colours) = (8, 2);
    let sizes = [width as u32, height as u32].map(u32::to_be_bytes).concat();
    let header = [&sizes[..], &[eight_bits, colours, 0, 0, 0]].concat();
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", &header[..]), (b"IDAT", &packed), (b"IEND", &[])] {
        let mut sum = Crc::new();
        sum.update(kind);
        sum.update(data);
        file.extend((data.len() as u32).to_be_bytes());
        file.extend(kind);
        file.extend(data);
        file.extend(sum.sum().to_be_bytes());
    }
    file
}
