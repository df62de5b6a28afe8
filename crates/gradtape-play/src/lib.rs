//! The playground: a network that is trained while one looks at it.
//!
//! A [`Session`] is what a page shows: data, a network and its training, which goes on by as many steps as are asked for,
//! and every number that is to be seen of it. It is made of [`Settings`], a text of `name=value` lines that stands in the
//! address of the page too. The page runs it as a WebAssembly module, where this crate exports a few plain functions; a
//! program or a test uses it as it is, and gets the same bits on the portable path of the library.
//!
//! ```
//! use gradtape_play::{Session, Settings};
//! let settings = Settings::read("data=moons\nhidden=8\nactivation=tanh\nlr=0.05")?;
//! let mut session = Session::new(settings, None)?;
//! session.advance(400)?;
//! assert!(session.scores().train.accuracy.unwrap() > 0.9);
//! # Ok::<(), gradtape::Error>(())
//! ```
//!
//! | for | see |
//! |---|---|
//! | the page itself, with the module in it | [`page()`], which the module does not have |
//! | what can be chosen | [`choices()`] |
//! | what the page draws | [`Session::maps`], [`Session::points`], [`Session::curves`], [`Session::weights`] |
//! | the chain rule of a unit or an edge | [`Session::chain`] |
//! | what is taken home | [`Session::model`], [`Session::rust`], [`Session::command`] |

mod chain;
mod choices;
mod curves;
mod data;
mod drawn;
mod export;
#[cfg(target_arch = "wasm32")]
pub mod exports;
mod formula;
mod losses;
mod maps;
mod network;
#[cfg(not(target_arch = "wasm32"))]
mod page;
mod report;
mod session;
mod settings;

pub use choices::choices;
pub use losses::Loss;
pub use maps::Map;
#[cfg(not(target_arch = "wasm32"))]
pub use page::{MODULE, page};
pub use report::Report;
pub use session::{Measured, Score, Scores, Session, Show};
pub use settings::{Settings, Source};
