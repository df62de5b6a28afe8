//! A training that is measured, for `gradtape profile`.

use std::time::Instant;

use gradtape::data::Dataset;
use gradtape::eval::{self, Pass, Profiler, Spent};
use gradtape::nn::{Module, Sequential};
use serde::Serialize;

use super::Train;
use super::fit::Part;
use super::ready::Ready;
use crate::error::{Failure, Outcome};
use crate::output::Output;
use crate::progress::Shown;
use crate::report::{Format, of};
use crate::source::Source;

/// Steps that are measured unless said otherwise.
const STEPS: usize = 200;

impl Train {
    /// Trains for some steps, and prints where their time went.
    pub(crate) fn profile(mut self, output: &Output) -> Outcome {
        self.take_settings()?;
        self.check()?;
        if self.runs.report.is_some() {
            return Err(Failure::usage(
                "--report is for `gradtape train`: a profile ends before much is learned",
            ));
        }
        gradtape::engine::cpu::set_threads(self.threads);
        if self.accumulate > 1 {
            let message = "--accumulate: a profile is of compiled steps, and steps of several batches are not";
            return Err(Failure::usage(message));
        }
        self.steps.get_or_insert(STEPS);
        let profiler = Profiler::new();
        self.watch.profiler = Some(profiler.clone());
        let source = Source::of(&self.data)?;
        let mut stream = None;
        let (network, train, augment) = match self.network.is_of_texts() {
            true => {
                let (network, train) = self.text_to_profile(&source)?;
                (network, train, None)
            }
            false => {
                // One of several is measured as it would be trained.
                let ready = self.ready(source.clone(), &std::env::temp_dir())?;
                let Ready { prepared, augment, mut networks, .. } = ready;
                stream = prepared.stream;
                (networks.0.swap_remove(0), prepared.split.train, augment)
            }
        };
        let optimizer = self.optimizer_of(&network)?;
        if optimizer.searches() {
            let name = self.optimizer();
            let message =
                format!("{name} looks at a batch several times, in steps that are not compiled");
            return Err(Failure::usage(format!("a profile is of compiled steps: {message}")));
        }
        let shown = Shown { lines: false, bar: !self.quiet, beside: None, validation: false };
        let started = Instant::now();
        let part = Part { augment, stream: stream.as_ref(), ..Part::alone([&train, &train]) };
        self.fit(&network, optimizer, part, &shown, |_| {}, output)?.ended?;
        let seconds = started.elapsed().as_secs_f64();
        let profile = named(profiler.report().with_peak());
        match self.format {
            Format::Json => output.json(&Report::of(&profile, seconds)),
            Format::Text => {
                let parameters = of(network.parameter_count(), "parameter");
                let name = output.bold(source.name());
                output.line(format!(
                    "{name}: {parameters}, batches of {}; {} in {seconds:.3} s, batches and scores among it",
                    self.batch(),
                    of(profile.calls as usize, "step")
                ))?;
                output.write(&profile.to_string())
            }
        }
    }

    fn text_to_profile(&mut self, source: &Source) -> Outcome<(Sequential, Dataset)> {
        self.check_text()?;
        let text = source.text()?;
        let (vocabulary, passage) = self.passage_to_profile(&source.name(), &text)?;
        self.settle([passage.data.len(), 0], None);
        let context = self.context.unwrap_or(64);
        Ok((self.transformer(vocabulary.len(), context)?, passage.data))
    }
}

/// A profile without lines of this program.
fn named(mut profile: eval::Profile) -> eval::Profile {
    let without = |place: &str| {
        let parts = place.split(", ").filter(|part| !part.contains("gradtape-cli"));
        let kept: Vec<&str> = parts.collect();
        match &kept[..] {
            [] => "the step".to_string(),
            kept => kept
                .join(", ")
                .trim_start_matches("layer ")
                .replace("backward of layer ", "backward of "),
        }
    };
    for line in &mut profile.lines {
        line.place = match (&line.layer, line.pass) {
            (None, Pass::Update) => "update of the parameters".to_string(),
            (None, Pass::Backward) => "backward of the rest".to_string(),
            (None, Pass::Forward) => "the rest".to_string(),
            _ => without(&line.place),
        };
    }
    let mut merged: Vec<eval::LineProfile> = Vec::new();
    for line in profile.lines {
        match merged.iter_mut().find(|known| known.place == line.place) {
            Some(known) => known.cost.add(line.cost, 1.0),
            None => merged.push(line),
        }
    }
    profile.lines = merged;
    for kernel in &mut profile.kernels {
        let places = kernel.places.iter().map(|place| match without(place) {
            place if place.starts_with("update") => "update of the parameters".to_string(),
            place => place,
        });
        kernel.places = places.collect();
    }
    profile
}

#[derive(Serialize)]
struct Report {
    steps: u64,
    seconds: f64,
    in_programs: f64,
    planning: f64,
    peak_gflops: Option<f64>,
    layers: Vec<Row>,
    kernels: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    what: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    of: Vec<String>,
    seconds: f64,
    bytes: f64,
    operations: f64,
}

impl Report {
    fn of(profile: &eval::Profile, seconds: f64) -> Report {
        let row = |what: &str, of: &[String], cost: &Spent| {
            let Spent { seconds, bytes, operations } = *cost;
            Row { what: what.to_string(), of: of.to_vec(), seconds, bytes, operations }
        };
        let layers = profile.lines.iter().map(|line| row(&line.place, &[], &line.cost));
        let kernels = profile.kernels.iter().map(|own| row(&own.kernel, &own.places, &own.cost));
        Report {
            steps: profile.calls,
            seconds,
            in_programs: profile.seconds,
            planning: profile.planning,
            peak_gflops: profile.peak.map(|peak| peak / 1e9),
            layers: layers.collect(),
            kernels: kernels.collect(),
        }
    }
}
