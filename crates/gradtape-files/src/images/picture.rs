//! [`Picture`]: the bytes of one image, and what is done to them.

use super::orientation::Orientation;

/// An image: rows of pixels, of 1 channel (grey) or 3 (red, green, blue) beside each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    channels: usize,
    height: usize,
    width: usize,
    bytes: Vec<u8>,
}

impl Picture {
    /// An image of `[channels, height, width]`; or what is wrong with it, in words.
    pub(super) fn new(
        [channels, height, width]: [usize; 3],
        bytes: Vec<u8>,
    ) -> Result<Picture, String> {
        match channels * height * width {
            0 => Err("it has no pixel".to_string()),
            size if size != bytes.len() => Err(format!("{} bytes instead of {size}", bytes.len())),
            _ => Ok(Picture { channels, height, width, bytes }),
        }
    }

    /// Height and width.
    pub(super) fn size(&self) -> [usize; 2] {
        [self.height, self.width]
    }

    pub(super) fn is_grey(&self) -> bool {
        self.channels == 1
    }

    /// Adds the numbers channel after channel, 0 to 1, for so many channels.
    pub(super) fn write(&self, channels: usize, to: &mut Vec<f32>) {
        to.extend(self.planes(channels).into_iter().map(|byte| f32::from(byte) / 255.0));
    }

    /// The bytes channel after channel, for so many channels. Grey is that of television: 299 thousandths of red, 587 of
    /// green, 114 of blue.
    pub(super) fn planes(&self, channels: usize) -> Vec<u8> {
        match (self.channels, channels) {
            (1, channels) => self.bytes.repeat(channels),
            (_, 1) => {
                let grey = |pixel: &[u8]| {
                    let [red, green, blue] = [0, 1, 2].map(|at| u32::from(pixel[at]));
                    ((299 * red + 587 * green + 114 * blue + 500) / 1000) as u8
                };
                self.bytes.chunks_exact(3).map(grey).collect()
            }
            _ => {
                let of = |channel| self.bytes.iter().skip(channel).step_by(3).copied();
                (0..3).flat_map(of).collect()
            }
        }
    }

    /// The image as it is to be seen, of one as a camera stored it.
    pub(super) fn turned(self, orientation: Orientation) -> Picture {
        if orientation == Orientation::default() {
            return self;
        }
        let Orientation { transposed, mirrored, upended } = orientation;
        let Picture { channels, height: rows, width: columns, .. } = self;
        let [height, width] = if transposed { [columns, rows] } else { [rows, columns] };
        let mut bytes = Vec::with_capacity(self.bytes.len());
        for row in 0..height {
            let row = if upended { height - 1 - row } else { row };
            for column in 0..width {
                let column = if mirrored { width - 1 - column } else { column };
                let place =
                    if transposed { column * columns + row } else { row * columns + column };
                bytes.extend_from_slice(&self.bytes[channels * place..][..channels]);
            }
        }
        Picture { channels, height, width, bytes }
    }

    /// The image at another size, stretched to fit. Each pixel is the mean of those around its place, with weights that
    /// fall linearly to 0 at the distance of one pixel, of the larger of both sizes.
    pub(super) fn resized(&self, [height, width]: [usize; 2]) -> Picture {
        if self.size() == [height, width] {
            return self.clone();
        }
        let channels = self.channels;
        let columns = weights(self.width, width);
        let mut wide = vec![0.0; self.height * width * channels];
        for (row, to) in
            self.bytes.chunks(self.width * channels).zip(wide.chunks_mut(width * channels))
        {
            for (pixel, (start, weights)) in to.chunks_mut(channels).zip(&columns) {
                for (from, weight) in row[start * channels..].chunks(channels).zip(weights) {
                    let both = pixel.iter_mut().zip(from);
                    both.for_each(|(sum, &byte)| *sum += weight * f32::from(byte));
                }
            }
        }
        let mut bytes = Vec::with_capacity(height * width * channels);
        let line = width * channels;
        for (start, weights) in weights(self.height, height) {
            let mut sums = vec![0.0; line];
            for (row, weight) in wide[start * line..].chunks(line).zip(&weights) {
                sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * value);
            }
            bytes.extend(sums.iter().map(|sum: &f32| sum.round() as u8));
        }
        Picture { channels, height, width, bytes }
    }
}

/// For each place of a line of `to` pixels, the first pixel of `from` that counts, and the weights from there on.
fn weights(from: usize, to: usize) -> Vec<(usize, Vec<f32>)> {
    let step = from as f32 / to as f32;
    let reach = step.max(1.0);
    let of = |place: usize| {
        let centre = (place as f32 + 0.5) * step - 0.5;
        let first = ((centre - reach).ceil().max(0.0) as usize).min(from - 1);
        let last = ((centre + reach).floor().max(0.0) as usize).clamp(first, from - 1);
        let weight = |at: usize| (1.0 - (at as f32 - centre).abs() / reach).max(0.0);
        let weights: Vec<f32> = (first..=last).map(weight).collect();
        let sum: f32 = weights.iter().sum();
        (first, weights.iter().map(|weight| weight / sum).collect())
    };
    (0..to).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(height: usize, width: usize, bytes: &[u8]) -> Picture {
        Picture::new([1, height, width], bytes.to_vec()).unwrap()
    }

    #[test]
    fn sizes_change_as_pillow_changes_them() {
        // Image.resize(…, BILINEAR).
        let line = grey(1, 4, &[0, 100, 200, 100]);
        assert_eq!(line.resized([1, 8]).bytes, [0, 25, 75, 125, 175, 175, 125, 100]);
        assert_eq!(line.resized([1, 2]).bytes, [71, 143]);
        assert_eq!(line.resized([1, 1]).size(), [1, 1]);
        assert_eq!(line.resized([3, 4]).bytes, [&line.bytes[..]; 3].concat());
        let flat = Picture::new([3, 5, 7], [9, 80, 200].repeat(35)).unwrap();
        for size in [[1, 1], [2, 3], [5, 7], [13, 4]] {
            assert_eq!(flat.resized(size).bytes, [9, 80, 200].repeat(size[0] * size[1]));
        }
    }

    #[test]
    fn channels_are_made_of_each_other() {
        let colour = Picture::new([3, 1, 2], vec![255, 0, 0, 255, 255, 255]).unwrap();
        let write = |picture: &Picture, channels| {
            let mut to = Vec::new();
            picture.write(channels, &mut to);
            to
        };
        assert_eq!(write(&colour, 3), [1.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
        assert_eq!(write(&colour, 1), [76.0 / 255.0, 1.0]);
        assert_eq!(write(&grey(1, 2, &[0, 255]), 3), [0.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
    }
}
