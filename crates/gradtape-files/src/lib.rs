//! Readers of files that bring crates of their own, which the library does without.
//!
//! | to read | use |
//! |---|---|
//! | a table: CSV, xlsx, Parquet, Arrow (Feather), npy, npz | [`read_table`] |
//! | a table that is larger than memory | [`read_table_pieces`] |
//! | images of NumPy (npy, npz) | [`read_array_images`] |
//! | a folder with a folder of images for each class | [`read_image_folder`] |
//! | such a folder that is larger than memory | [`ImageFiles`] |
//! | images alone, to tell what they show | [`read_images`] |
//! | what a file is, from its first bytes | [`Format::of`] |
//!
//! Each format stands behind a feature of its name; without it a reader says so.

mod arrays;
mod budget;
mod format;
#[cfg(any(feature = "arrow", feature = "zstd"))]
mod frames;
mod images;
mod table;

pub use arrays::{ArrayImages, has_array_images, read_array_images};
pub use format::Format;
pub use images::{
    Channels, Found, ImageFiles, ImageFolder, ImageOptions, Images, has_images, image_files,
    read_image_folder, read_images,
};
pub use table::{
    TableOptions, has_pieces, is_whole_json, read_table, read_table_every, read_table_from,
    read_table_pieces, text_size,
};
