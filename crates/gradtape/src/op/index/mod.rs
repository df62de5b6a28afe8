//! Operations that pick elements by number.

mod argsort;
mod gather;
mod index_add;
mod index_select;
mod isotonic_blocks;
mod one_hot;
mod order;
mod places;
mod scatter_add;
mod scatter_max;
mod searchsorted;

pub use argsort::ArgSort;
pub use gather::Gather;
pub use index_add::IndexAdd;
pub use index_select::IndexSelect;
pub use isotonic_blocks::IsotonicBlocks;
pub use one_hot::OneHot;
pub use scatter_add::ScatterAdd;
pub use scatter_max::ScatterMax;
pub use searchsorted::SearchSorted;

use order::{first_places, order};
use places::{Rows, places, repeated, scattered};
