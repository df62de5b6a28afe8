//! Readers of files that bring crates of their own, which the library does without.
//!
//! | to read | use |
//! |---|---|
//! | a folder with a folder of images for each class | [`read_image_folder`] |
//! | images alone, to tell what they show | [`read_images`] |
//! | what a file is, from its first bytes | [`Format::of`] |
//!
//! Each format stands behind a feature of its name; without it a reader says so.

mod format;
mod images;

pub use format::Format;
pub use images::{
    Channels, ImageFolder, ImageOptions, Images, has_images, read_image_folder, read_images,
};
