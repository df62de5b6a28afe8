//! Packs the UCI handwritten digits into the two files that `gradtape::data::digits` is built from.
//!
//! ```text
//! cargo run -p gradtape --example pack_digits -- digits.csv crates/gradtape/data
//! ```
//!
//! The source is the CSV file of scikit-learn's copy: columns `p0` to `p63` (0 to 16) and `label`,
//! one row per image.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use flate2::{Compression, GzBuilder};
use gradtape::data::Table;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [source, folder] = &arguments[..] else {
        return Err("usage: pack_digits SOURCE.csv FOLDER".into());
    };
    let table = Table::read_csv(source)?;
    let rows = table.len();
    let pixels: Vec<Vec<f64>> =
        (0..64).map(|i| table.numbers(&format!("p{i}"))).collect::<Result<_, _>>()?;
    let images = (0..rows).flat_map(|row| pixels.iter().map(move |pixel| pixel[row] as u8));
    let labels = table.numbers("label")?.into_iter().map(|label| label as u8);

    let folder = Path::new(folder);
    write_idx(&folder.join("digits-images-idx3-ubyte.gz"), &[rows, 8, 8], images.collect())?;
    write_idx(&folder.join("digits-labels-idx1-ubyte.gz"), &[rows], labels.collect())?;
    println!("{rows} images packed");
    Ok(())
}

fn write_idx(path: &Path, sizes: &[usize], data: Vec<u8>) -> io::Result<()> {
    // No time and no name in the header: the same source gives the same file.
    let mut gz = GzBuilder::new().write(File::create(path)?, Compression::best());
    gz.write_all(&[0, 0, 8, sizes.len() as u8])?;
    for &size in sizes {
        gz.write_all(&(size as u32).to_be_bytes())?;
    }
    gz.write_all(&data)?;
    gz.finish().map(drop)
}
