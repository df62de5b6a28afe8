//! Training on a table where little is said: what the program `gradtape train` does and what the estimators for Python do.
//!
//! A [`Recipe`] says how perceptrons are built and trained, as far as somebody chose it; the rest it settles by the table.
//! [`train`] follows it: several networks, each with other rows to validate, become one model whose answer is their mean.
//!
//! ```
//! use gradtape::data::{PreprocessOptions, Preprocessing, Table, CsvOptions};
//! use gradtape_tables::{Recipe, Rows, train};
//! let text: String = (0..60).map(|i| format!("{},{}\n", i % 9, if i % 9 < 4 { "low" } else { "high" })).collect();
//! let table = Table::from_csv(format!("x,y\n{text}").as_bytes(), "t.csv", &CsvOptions::default())?;
//! let all: Vec<usize> = (0..60).collect();
//! let prepared = Preprocessing::fit(&table, "y", &all, &PreprocessOptions::default())?;
//! let split = prepared.dataset(&table)?.split(0.2, 0.0, 42)?;
//! let rows = Rows { train: &split.train, validation: &split.validation };
//! let recipe = Recipe { epochs: Some(20), ..Recipe::default() };
//! let trained = train(&recipe, &prepared, rows, 42, 2, &())?;
//! assert_eq!(trained.histories.len(), 1);
//! assert!(gradtape::train::evaluate(&trained.network, &split.validation, 64)?.accuracy.unwrap() > 0.5);
//! # Ok::<(), gradtape::Error>(())
//! ```

mod cuts;
mod distinct;
mod embed;
mod members;
mod network;
mod recipe;
mod settle;
mod train;
mod trainer;
mod turns;

pub use cuts::{Cut, cuts, parts_in, spare_ends};
pub use distinct::{Counted, distinct};
pub use embed::{Embed, embedded};
pub use members::{draws, mean, parts};
pub use network::{MOST_WEIGHTS, perceptron};
pub use recipe::{MANY_ROWS, Recipe, learning_rate, settle_rate};
pub use settle::{LARGE_BATCHES, Shape};
pub use train::{Listen, Rows, Trained, train};
pub use trainer::Length;
pub use turns::Turns;
