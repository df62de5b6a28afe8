//! `gradtape serve`: predictions over HTTP.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use gradtape::train::Predictor;
use gradtape_serve::{Options, Service};

use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::flags::number;
use crate::model::read_for;
use crate::output::Output;
use crate::train::count;

/// Answer over HTTP what a model predicts for rows
///
/// Rows come as JSON or CSV to POST /predict (the first model) or /models/NAME/predict, and go back in the same form.
/// GET /models tells the columns, /openapi.json describes all, / is a page to try it, /health and /metrics are for whoever
/// watches. It listens to this machine alone unless --host says otherwise, and ends at Ctrl-C or SIGTERM when what is
/// there is answered.
#[derive(Args)]
#[command(after_help = "Examples:
  gradtape serve model.safetensors
  gradtape serve homes=a/model.safetensors prices=b/model.safetensors --port 9000
  gradtape serve model.safetensors --delay 5 --host 0.0.0.0")]
pub(crate) struct Serve {
    /// Model files that `gradtape train` wrote, each maybe with the name that it is served under
    #[arg(required = true, value_name = "[NAME=]MODEL")]
    models: Vec<String>,

    /// The address that it listens at
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: IpAddr,

    /// The port that it listens at; 0 for one that is free
    #[arg(long, value_name = "N", default_value_t = 8080)]
    port: u16,

    /// How many milliseconds the first request of a batch waits for others
    #[arg(long, value_name = "MS", value_parser = number, default_value_t = 0.0)]
    delay: f64,

    /// Until how many rows requests are gathered into one batch
    #[arg(long, value_name = "N", value_parser = count, default_value_t = 1024)]
    batch: usize,

    /// The most kilobytes of a request
    #[arg(long, value_name = "KB", value_parser = count, default_value_t = 1024)]
    max_body: usize,

    /// How many seconds a request may take to arrive
    #[arg(long, value_name = "SECONDS", value_parser = number, default_value_t = 10.0)]
    timeout: f64,

    /// The most connections at once; others wait until one ends, or asks for nothing and gives way
    #[arg(long, value_name = "N", value_parser = count, default_value_t = 1024)]
    connections: usize,

    /// Refuse categories that were not trained on, and cells that are no numbers among numbers; without it answers say so
    #[arg(long)]
    strict: bool,
}

impl Verb for Serve {
    fn run(self, output: &Output) -> Outcome {
        let options = Options {
            host: self.host,
            port: self.port,
            delay: seconds("--delay", self.delay * 1e-3)?,
            batch_rows: self.batch,
            body_bytes: self.max_body.saturating_mul(1024),
            timeout: seconds("--timeout", self.timeout)?,
            connections: self.connections,
            strict: self.strict,
            ..Options::default()
        };
        let mut models = Vec::new();
        for word in &self.models {
            // A path may have a `=` as well.
            let named = word.split_once('=').filter(|(name, _)| !name.contains(['/', '\\']));
            let (name, path) = match named {
                Some((name, path)) => (name.to_string(), path),
                None => (self.name_of(word), &**word),
            };
            let path = Path::new(path);
            let model = read_for("", path)?;
            let predictor = Predictor::of(model).map_err(|error| error.context(path.display()))?;
            models.push((name, predictor));
        }
        let names: Vec<String> = models.iter().map(|(name, _)| name.clone()).collect();
        let service = Service::new(models, options)?;
        let mut told = Ok(());
        service.run_until_told(|address| {
            told = output.line(format_args!("http://{address}/ answers for {}", names.join(", ")));
        })?;
        told
    }
}

impl Serve {
    /// The name of a file, or that of its folder where all files are called alike.
    fn name_of(&self, word: &str) -> String {
        let path = Path::new(word);
        let stem = |path: &Path| path.file_stem().map(|name| name.to_string_lossy().into_owned());
        let own = stem(path).unwrap_or_default();
        let folder = path.parent().and_then(stem).filter(|name| !name.is_empty());
        let alone = self.models.len() == 1;
        match folder {
            Some(folder) if !alone && own == "model" => folder,
            _ => own,
        }
    }
}

/// A time that a flag gives.
fn seconds(flag: &str, seconds: f64) -> Outcome<Duration> {
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if time < Duration::from_secs(3600) => Ok(time),
        _ => Err(Failure::usage(format!("{flag}: a time from 0 to an hour is needed"))),
    }
}
