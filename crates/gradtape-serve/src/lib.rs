//! Predictions of gradtape's models over HTTP.
//!
//! A [`Service`] holds models; [`Service::run`] listens until it is told to stop. Rows come as JSON (an array of objects,
//! objects one a line, or one object) or as CSV with a header, and go back in the same form:
//!
//! | path | |
//! |---|---|
//! | `POST /predict`, `POST /models/NAME/predict` | answers for rows |
//! | `GET /models` | the models: columns, target, classes |
//! | `GET /health`, `GET /metrics` | whether it is there; counts and times as Prometheus reads them |
//! | `GET /openapi.json`, `GET /` | a description for programs; a page to try it |
//!
//! Few rows of a small network are answered at once; others that come together go through it together. What is to be told of
//! rows, such as a word among numbers, stands in the answer, or refuses it: [`Options::strict`]. Bodies, times, connections
//! and what waits are limited; no path of a request reaches the file system.

mod answer;
mod batch;
mod connection;
mod idle;
mod impatient;
mod metrics;
mod models;
mod openapi;
mod routes;

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use gradtape::train::Predictor;
use gradtape::{Error, Kind, Result};

use crate::batch::Queue;
use crate::models::Models;
use crate::routes::Shared;

/// Limits of a [`Service`], and where it listens.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address: this machine alone, 127.0.0.1, by default.
    pub host: IpAddr,
    /// The port; 0 for one that is free. 8080 by default.
    pub port: u16,
    /// How long the first request of a batch waits for others, 0 by default: requests that come while a batch is computed
    /// are the next one.
    pub delay: Duration,
    /// Until how many rows requests are gathered into one batch, 1,024 by default.
    pub batch_rows: usize,
    /// The most numbers that the rows of a request may become for a network (rows times the width of its input), 16 million
    /// by default: 64 MB.
    pub numbers: usize,
    /// The most bytes of a body, 1 MiB by default.
    pub body_bytes: usize,
    /// How long a request may take to arrive, and how long a stop waits for those that are there; 10 s by default.
    pub timeout: Duration,
    /// The most connections at once, 1,024 by default; others wait until one ends, or asks for nothing and gives way.
    pub connections: usize,
    /// Whether rows are refused that have categories that were not trained on, or cells that are no numbers among numbers;
    /// `?strict` at the end of a path asks for it.
    pub strict: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 8080,
            delay: Duration::ZERO,
            batch_rows: 1024,
            numbers: 1 << 24,
            body_bytes: 1 << 20,
            timeout: Duration::from_secs(10),
            connections: 1024,
            strict: false,
        }
    }
}

/// Models that are served by name.
pub struct Service {
    shared: Shared,
    options: Options,
}

impl Service {
    /// Serves models by name; `POST /predict` is for the first. Fails without a model, for a name that is there twice or
    /// has other characters than letters, digits, `-`, `_` and `.`, and for limits of 0.
    pub fn new(models: Vec<(String, Predictor)>, options: Options) -> Result<Service> {
        let wrong = |message: String, hint: &str| Err(Error::new(Kind::Value, message).hint(hint));
        if models.is_empty() {
            return wrong("no model to serve".into(), "give a model file");
        }
        let limits = [options.batch_rows, options.numbers, options.body_bytes, options.connections];
        if limits.contains(&0) || options.timeout.is_zero() {
            let message = "a limit of 0 rows, numbers, bytes, connections or seconds";
            return wrong(message.into(), "give more than 0");
        }
        let mut served = Models::default();
        for (name, predictor) in models {
            let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
            if name.is_empty() || !name.chars().all(fits) {
                return wrong(
                    format!("a model called {name:?}"),
                    "a name is made of letters, digits, -, _ and .",
                );
            }
            if served.get(&name).is_some() {
                return wrong(
                    format!("two models called {name:?}"),
                    "name one otherwise: other=model.safetensors",
                );
            }
            let queue = Queue::start(predictor, options.delay, options.batch_rows);
            served.0.push((name, queue));
        }
        Ok(Service { shared: Shared::new(served, &options), options })
    }

    /// Listens, says where, and answers until `stop` is done; then takes no more, and ends when what is there is answered
    /// or the timeout is over. Fails where the address is taken.
    pub fn run<S>(self, ready: impl FnOnce(SocketAddr), stop: impl FnOnce() -> S) -> Result<()>
    where
        S: Future<Output = ()>,
    {
        let failed = |error: std::io::Error| Error::new(Kind::File, error.to_string());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(failed)?;
        let address = SocketAddr::new(self.options.host, self.options.port);
        let ended = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind(address).await.map_err(|error| {
                Error::new(Kind::File, format!("{address}: {error}"))
                    .hint("--port takes another one; 0 one that is free")
            })?;
            ready(listener.local_addr().map_err(failed)?);
            connection::serve(listener, routes::router(self.shared), &self.options, stop()).await;
            Ok(())
        });
        runtime.shutdown_timeout(Duration::from_millis(100));
        ended
    }

    /// As [`Service::run`], until the process is told to end: by Ctrl-C or SIGTERM.
    pub fn run_until_told(self, ready: impl FnOnce(SocketAddr)) -> Result<()> {
        self.run(ready, connection::told_to_end)
    }
}
