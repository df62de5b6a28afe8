//! Arrays of NumPy: one (npy), or several with names (npz).

#[cfg(feature = "npz")]
mod archive;
#[cfg(feature = "npz")]
mod labels;
mod npy;
mod pieces;
mod rows;

pub(crate) use self::pieces::{pieces_of_npy, size_of_npy};
#[cfg(feature = "npz")]
pub(crate) use self::pieces::{pieces_of_npz, size_of_npz};
pub(crate) use self::rows::table_of_npy;
#[cfg(feature = "npz")]
pub(crate) use self::rows::table_of_npz;
pub use self::rows::{ArrayImages, has_array_images, read_array_images};
