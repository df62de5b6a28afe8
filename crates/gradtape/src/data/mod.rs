//! Data to learn from: files, datasets, batches and what is done to columns before training.
//!
//! Reads CSV and JSON ([`Table`]) and IDX ([`read_idx_folder`]), prepares the columns of tables
//! ([`Preprocessing`]), changes images ([`Augment`]), makes numbers of texts ([`Vocabulary`],
//! [`windows`], [`sliding_windows`]), and hands out rows in batches ([`Dataset::batches`]), also of what does not fit in
//! memory ([`Stream`]). [`digits`] and [`iris`] are built in; [`moons`], [`circles`], [`spiral`], [`xor`] and
//! [`blobs`] are drawn at random.
//! Everything random depends on a seed alone.

mod augment;
mod batches;
mod builtin;
mod categories;
mod dataset;
mod delimited;
mod generate;
mod idx;
mod preprocess;
mod rows;
mod sniff;
mod standardise;
mod stream;
mod table;
mod task;
mod transform;
mod vocabulary;
mod windows;

pub use augment::Augment;
pub use batches::{Batch, Batches, Epoch};
pub use builtin::{digits, iris, iris_table};
pub use categories::Categories;
pub use dataset::Dataset;
pub use generate::{blobs, circles, moons, spiral, xor};
pub use idx::{
    IdxFiles, IdxFolder, IdxPiece, idx_from_bytes, is_idx_folder, read_idx, read_idx_folder,
    read_idx_images, read_idx_inputs, read_idx_labels,
};
pub use preprocess::{
    Feature, Filled, Part, PreparedRows, PreprocessOptions, Preprocessing, RowReader, Target,
};
pub(crate) use rows::shard;
pub use rows::{Fractions, Rows, Split};
pub use standardise::Standardise;
pub(crate) use stream::StreamBatches;
pub use stream::{RowSource, Stream};
pub use table::{Column, ColumnKind, CsvOptions, Table, TableBuilder, stands_for};
pub use task::Task;
pub use transform::{Transform, TransformChoice};
pub use vocabulary::Vocabulary;
pub use windows::{sliding_windows, windows};
