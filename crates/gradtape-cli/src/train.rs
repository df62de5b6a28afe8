//! `gradtape train`: from data to a model file.

mod columns;
mod compare;
mod curves;
mod defaults;
mod files;
mod flags;
mod members;
mod network;
mod profile;
mod resume;
mod run_flags;
mod text;
mod watch;

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use gradtape::data::{Augment, Dataset, Preprocessing, Target};
use gradtape::io::Model;
use gradtape::nn::{Module, Sequential};
use gradtape::optim::{self, Optimizer, Schedule};
use gradtape::train::{Checkpoints, EarlyStopping, EpochReport, Every, History, Stopped, Trainer};
use gradtape::{Rng, engine, loss};
use serde::Serialize;

pub(crate) use self::compare::Comparison;
use self::defaults::Shape;
use self::files::Files;
use self::flags::Precision;
pub(crate) use self::flags::{Train, count};
use self::members::{Members, mean, parts};
use self::network::Network;
use self::resume::{Before, Clock};
use crate::Verb;
use crate::error::{Failure, Outcome};
use crate::interval::Residuals;
use crate::measure::{Measured, short};
use crate::output::Output;
use crate::progress::{Beside, Progress, Shown};
use crate::report::{Format, Number, of, thousands};
use crate::rows::{self, Prepared};
use crate::settings::{self, Counts, Course, Ended};
use crate::source::{Content, Source};

impl Verb for Train {
    fn run(self, output: &Output) -> Outcome {
        self.ran(output).map(drop)
    }
}

/// What became of a training.
pub(super) struct Done {
    pub(super) history: History,
    pub(super) held_out: Option<Measured>,
    pub(super) rows: Counts,
}

impl Train {
    /// Trains, and tells of it.
    pub(super) fn ran(self, output: &Output) -> Outcome<Done> {
        let (mut this, before) = self.remembered()?;
        this.check()?;
        this.train(before, output)
    }

    fn train(&mut self, before: Option<Before>, output: &Output) -> Outcome<Done> {
        engine::cpu::set_threads(self.threads);
        let source = Source::of(&self.data)?;
        if self.network.is_of_texts() {
            return self.run_text(&source, output);
        }
        let wishes = self.wishes(&source)?;
        let content = source.read(&self.reading, self.points())?;
        let is_table = matches!(content, Content::Table(_));
        let mut prepared =
            rows::prepare(content, &wishes, self.fractions(), self.normalize, self.seed)?;
        self.check_parts(&source, &prepared)?;
        let augment = self.augmentation(&source, &prepared)?;
        let shape = is_table.then(|| Shape::of(&prepared.preprocessing));
        // Rows that lie between others, or belong to a group, are no test of the others.
        let folds = wishes.division.is_free();
        if !folds && self.runs.members.is_none() {
            let table = self.network == Network::Mlp && shape.is_some();
            if table && self.usual_members(prepared.split.train.len()) > 1 {
                prepared.notes.push(wishes.division.one_network());
            }
            self.runs.members = Some(1);
        }
        self.settle(prepared.split.train.len(), shape);
        let networks = (0..self.members()).map(|number| self.build(&source, &prepared, number));
        let networks = Members(networks.collect::<Outcome<_>>()?);
        // What does not fit together is told before anything is written.
        self.optimizer_of(&networks.0[0])?;
        let files = Files::check(&self.out, &source)?;
        self.spare_checkpoints(&files)?;
        let text = self.format == Format::Text && !self.quiet;
        if text {
            self.introduce(&source, &prepared, &networks.0[0], output)?;
        }

        let several = self.members() > 1;
        let shown = Shown {
            lines: text && !several,
            bar: !self.quiet,
            beside: Some(match prepared.preprocessing.target() {
                Target::Classes { .. } => Beside::Accuracy,
                Target::Number { transform, .. } if !transform.is_none() => {
                    Beside::Error { unit: 1.0 }
                }
                Target::Number { scale, .. } => Beside::Error { unit: *scale },
            }),
            validation: !prepared.split.validation.is_empty(),
        };
        if text && several {
            output.line(output.bold(members::heading()))?;
        }
        let seed = self.seed;
        let rows_of = |number: usize| {
            let rows = [&prepared.split.train, &prepared.split.validation];
            parts(if folds { number } else { 0 }, rows, seed)
        };
        let mut histories = before.map_or_else(Vec::new, |before| before.histories);
        let goes_on = histories.len();
        let (mut seconds, mut ended) = (Vec::new(), Ok(()));
        for (number, network) in networks.0.iter().enumerate().skip(goes_on) {
            let own = rows_of(number)?;
            let optimizer = self.optimizer_of(network)?;
            let part_resumes = self.runs.resume.is_some() && number == goes_on;
            let part = Part {
                undo: undo(&prepared.preprocessing),
                number,
                rows: [&own[0], &own[1]],
                augment: augment.clone(),
                whole: Some(&networks),
                resumes: part_resumes,
                checkpoints: self.checkpoints(&files.checkpoints(), number, &histories)?,
            };
            let (history, taken, end) =
                self.fit(network, optimizer, part, &shown, |_| {}, output)?;
            if text && several {
                output.line(members::line(number, &history, taken.iter().sum()))?;
                output.flush()?;
            }
            let stopped = matches!(history.stopped, Stopped::Requested);
            let nothing = history.kept_epoch == 0;
            // What could not go on has the first weights: of those before it nothing is known here.
            if let (Err(failure), true) = (&end, nothing && part_resumes) {
                return Err(failure.clone().note(files.none_written()));
            }
            // A later network that came to nothing does not count.
            if number == 0 || !nothing {
                add_seconds(&mut seconds, &taken);
                histories.push(history);
            }
            ended = end;
            if stopped || ended.is_err() {
                break;
            }
        }
        if several && self.watch.health && text {
            self.watch.health_table(output)?;
        }
        if several && histories.len() < networks.0.len() {
            self.runs.members = Some(histories.len());
            if text {
                let all = networks.0.len();
                output.line(format!("{} of {all} networks were trained", histories.len()))?;
            }
        }
        let history = mean(&histories);
        // After a failure the weights are those of the last epoch that went well.
        let kept = history.kept_epoch;
        if let (Err(failure), 0) = (&ended, kept) {
            return Err(failure.clone().note(files.none_written()));
        }
        let mut errors = Residuals::default();
        for (number, network) in networks.0.iter().enumerate().take(histories.len()) {
            let [_, held_out] = rows_of(number)?;
            errors.add(network, &prepared.preprocessing, &held_out);
        }
        prepared.preprocessing = errors.told_to(prepared.preprocessing);
        let network = networks.mean(histories.len())?;
        let settings = self.settings(&source, &prepared, &history);
        let mut notes =
            std::collections::BTreeMap::from([(settings::NOTE.to_string(), settings.to_json()?)]);
        notes.extend(errors.to_note()?);
        let model = Model {
            network,
            preprocessing: Some(prepared.preprocessing.to_json()),
            labels: prepared.split.train.classes().to_vec(),
            notes,
        };
        let held_out = match prepared.split.test.is_empty() {
            true => None,
            false => {
                let test = &prepared.split.test;
                let measured = Measured::of(&model.network, &prepared.preprocessing, test)?;
                // Nobody looks at simple answers that are not told.
                let told = !self.quiet || self.format == Format::Json;
                Some(match !told && self.runs.held_out().is_none() {
                    true => measured,
                    false => {
                        measured.beside(&prepared.split.train, test, &prepared.preprocessing)?
                    }
                })
            }
        };
        let scores = held_out.as_ref().map(Measured::scores);
        files.write(&model, &history, scores.as_ref(), &source.name())?;
        if let Err(failure) = ended {
            return Err(
                failure.note(format!("{} holds the model after epoch {kept}", files.model()))
            );
        }

        match self.format {
            Format::Json => self.watch.report(
                output,
                &Report {
                    data: source.name(),
                    task: prepared.preprocessing.task().to_string(),
                    rows: Counts::of(&prepared.split),
                    parameters: model.network.parameter_count(),
                    members: Some(histories.len()).filter(|&count| count > 1),
                    epochs: epochs(&history, &seconds),
                    stopped: Course::of(&history).ended,
                    kept_epoch: kept,
                    held_out: held_out.as_ref(),
                    warnings: self.watch.warnings(),
                    files: &files,
                },
            )?,
            Format::Text if self.quiet => {}
            Format::Text => {
                self.tell_end(&history, output)?;
                output.line("")?;
                match &held_out {
                    Some(measured) => measured.print("held-out", output)?,
                    None => output.line("no rows were held out: how good it is, is not known")?,
                }
                output.line(format!("\nwrote {files}"))?;
            }
        }
        Ok(Done { history, held_out, rows: Counts::of(&prepared.split) })
    }
}

impl Train {
    /// Fails where a training that begins would mix its checkpoints with those of another.
    fn spare_checkpoints(&self, files: &Files) -> Outcome {
        let folder = files.checkpoints();
        let others = self.runs.checkpoint_every.is_some() && self.runs.resume.is_none();
        if others && folder.is_dir() && Checkpoints::latest(&folder).is_ok() {
            let (folder, out) = (folder.display(), self.out.display());
            return Err(Failure::usage(format!(
                "{folder} has the checkpoints of an earlier training\n  hint: --resume {out} goes on with it; \
                 for another, take them away or choose another --out"
            )));
        }
        Ok(())
    }

    fn check_parts(&self, source: &Source, prepared: &Prepared) -> Outcome {
        match self.test_fraction {
            Some(_) if prepared.own_test => Err(Failure::usage(format!(
                "--test-fraction: {} brings its own test files",
                source.name()
            ))),
            _ => Ok(()),
        }
    }

    /// How images are to be changed in training.
    fn augmentation(&self, source: &Source, prepared: &Prepared) -> Outcome<Option<Augment>> {
        let flags = [("--augment", self.augment.is_some()), ("--normalize", self.normalize)];
        let Some(images) = &prepared.images else {
            return match flags.iter().find(|(_, given)| *given) {
                Some((flag, _)) => Err(no_images(flag, source)),
                None => Ok(None),
            };
        };
        let parse = |text: &String| -> Outcome<Augment> {
            let augment = Augment::parse(text, images.shape);
            Ok(augment.map_err(Failure::usage)?.background(&images.background))
        };
        self.augment.as_ref().map(parse).transpose()
    }

    /// The network of a number.
    fn build(&self, source: &Source, prepared: &Prepared, number: usize) -> Outcome<Sequential> {
        let (inputs, outputs) = (prepared.preprocessing.width(), prepared.preprocessing.outputs());
        let rng = &mut match number {
            0 => Rng::new(self.seed),
            other => Rng::new(self.seed).split(other as u64),
        };
        if let Network::Images(blueprint) = &self.network {
            let Some(images) = &prepared.images else {
                return Err(no_images(&format!("the network {blueprint}"), source));
            };
            return blueprint.build(images.shape, outputs, rng).map_err(Failure::usage);
        }
        let sizes = [&[inputs], &*self.hidden().0, &[outputs]].concat();
        let weights = sizes.windows(2).try_fold(0usize, |sum, pair| {
            pair[0].checked_mul(pair[1]).and_then(|more| sum.checked_add(more))
        });
        if weights.is_none_or(|weights| weights > MOST_WEIGHTS) {
            let most = thousands(MOST_WEIGHTS);
            return Err(Failure::usage(format!(
                "layers of {sizes:?} have more than {most} weights"
            )));
        }
        Sequential::mlp(&sizes, self.activation(), self.dropout(), rng).map_err(Failure::usage)
    }

    fn optimizer_of(&self, network: &Sequential) -> Outcome<Box<dyn Optimizer>> {
        let hyper = self.hyper.hyper(self.optimizer());
        let mut optimizer =
            optim::by_name(self.optimizer(), network, &hyper).map_err(Failure::usage)?;
        optimizer.set_clip_norm(self.clip_norm);
        optimizer.set_clip_each_norm(self.clip_each_norm);
        optimizer.set_clip_value(self.clip_value);
        if let Some((steps, share)) = self.lookahead {
            optimizer.set_lookahead(steps, share);
        }
        self.groups
            .iter()
            .flat_map(|(_, group)| group)
            .for_each(|group| optimizer.add_group(group.clone()));
        // What does not fit together is told before the first epoch.
        optimizer.state().map_err(Failure::usage)?;
        if optimizer.searches() && self.accumulate > 1 {
            let name = self.optimizer();
            let message = format!("--accumulate: {name} looks at a batch several times");
            return Err(Failure::usage(message));
        }
        Ok(optimizer)
    }

    /// Trains the network on the first of two parts, with a look at the other after each epoch; gives what happened,
    /// the seconds of each epoch and how it ended. What is told of an epoch, `told` may change.
    fn fit(
        &self,
        network: &Sequential,
        optimizer: Box<dyn Optimizer>,
        part: Part<'_>,
        shown: &Shown,
        told: impl Fn(&mut EpochReport) + Send + Copy,
        output: &Output,
    ) -> Outcome<(History, Vec<f64>, Outcome)> {
        let Part { number, rows: [train, validation], augment, whole, resumes, checkpoints, undo } =
            part;
        let steps = train.len().div_ceil(self.batch());
        let shown = *shown;
        let in_unit = move |report: &mut EpochReport| {
            shown.in_unit(report);
            told(report);
        };
        let epochs = self.epochs();
        // In batches, of which each step takes some.
        let most = self.steps.map_or(usize::MAX, |most| most.saturating_mul(self.accumulate));
        let all = epochs.saturating_mul(steps).min(most);
        let epochs = epochs.min(all.div_ceil(steps.max(1)));
        let log = self.log(number, output)?;
        let plain = !self.watch.watch;
        let progress_shown =
            Shown { lines: shown.lines && plain, bar: shown.bar && plain, ..shown };
        let (told_log, seen) = (log.clone(), self.watch.seen());
        let progress = Progress::new(output, &progress_shown, epochs, steps);
        let progress = Arc::new(Mutex::new(progress));
        let (of_step, of_epoch) = (Arc::clone(&progress), Arc::clone(&progress));
        let (checkpoints, mut clock) = checkpoints.unzip();
        let losses = self.runs.losses.clone();
        let mut trainer = Trainer::new(network, optimizer)
            .epochs(epochs)
            .steps(self.steps.unwrap_or(usize::MAX))
            .precision(self.precision.dtype())
            .batch_size(self.batch())
            .accumulate(self.accumulate)
            .seed(self.seed.wrapping_add(number as u64))
            .stop_flag(stop_on_interrupt())
            .on_step(move |report| {
                if let Some(clock) = &mut clock {
                    clock.look();
                }
                if let Some(losses) = &losses {
                    losses.lock().unwrap_or_else(PoisonError::into_inner).push(report.loss);
                }
                lock(&of_step).step(report);
            })
            .on_epoch(move |report| {
                let mut report = report.clone();
                in_unit(&mut report);
                let mut progress = lock(&of_epoch);
                progress.epoch(&report);
                told_log.epoch(&report);
                for warning in seen.take_warnings() {
                    progress.note(&warning);
                    told_log.warn(&warning);
                }
            });
        if let Some(checkpoints) = checkpoints {
            let warn = output.clone();
            let mut warned = false;
            trainer = trainer.checkpoints(checkpoints).on_checkpoint(move |written| {
                if let Err(error) = written
                    && !std::mem::replace(&mut warned, true)
                {
                    warn.note(format!(
                        "{error}; training goes on, the checkpoints before are as they were"
                    ));
                }
            });
        }
        if let Some(whole) = whole {
            trainer = trainer.saving(whole);
        }
        if self.runs.insist {
            trainer = trainer.insist();
        }
        if let (true, Some(path)) = (resumes, &self.runs.resume) {
            trainer = trainer.resume(path)?;
        }
        if let Some(undo) = undo {
            trainer = trainer.errors_in(undo);
        }
        if let Some(augment) = augment {
            trainer = trainer.augment(augment);
        }
        if let Some(options) = self.columns.weights(train)? {
            trainer = trainer
                .loss(move |outputs, labels| loss::cross_entropy_with(outputs, labels, &options));
        }
        if let Some(name) = &self.schedule {
            let (total, every) = match self.counts_epochs() {
                true => (epochs, Every::Epoch),
                false => (all, Every::Step),
            };
            let rate = self.hyper.learning_rate(self.optimizer());
            let schedule = Schedule::by_name(name, rate, total as u64).map_err(Failure::usage)?;
            trainer = trainer.schedule(schedule, every);
        }
        if let Some(patience) = self.early_stopping {
            trainer = trainer.early_stopping(EarlyStopping { patience, min_delta: 0.0 });
        }
        trainer = self.watch.on(number, &log, trainer);
        lock(&progress).begin();
        let validation = shown.validation.then_some(validation);
        let insists = self.runs.insist;
        let ended = trainer.fit(train, validation).map(drop).map_err(|error| {
            let failure = watch::failure(error);
            match resumes && !insists && failure.message().contains("or insist") {
                true => failure.note("(--insist)"),
                false => failure,
            }
        });
        let mut history = trainer.history().clone();
        for report in &mut history.epochs {
            in_unit(report);
        }
        let mut progress = lock(&progress);
        // Those of epochs before a stop are not known.
        let mut seconds = vec![0.0; history.epochs.len().saturating_sub(progress.seconds.len())];
        seconds.append(&mut progress.seconds);
        for warning in self.watch.seen().take_warnings() {
            progress.note(&warning);
            log.warn(&warning);
        }
        let printed = progress.end();
        let text = self.format == Format::Text && !self.quiet;
        let table = self.watch.health && text && self.members() == 1;
        let logged = self.watch.end(&log, ended.is_ok(), table, output);
        Ok((history, seconds, ended.and(printed).and(logged)))
    }

    fn introduce(
        &self,
        source: &Source,
        prepared: &Prepared,
        network: &Sequential,
        output: &Output,
    ) -> Outcome {
        let (split, preprocessing) = (&prepared.split, &prepared.preprocessing);
        let train = of(split.train.len(), "row");
        let [validation, test] = [&split.validation, &split.test].map(|part| thousands(part.len()));
        let what = match preprocessing.classes() {
            Some(classes) => of(classes.len(), "class"),
            None => "a number to predict".to_string(),
        };
        let name = output.bold(source.name());
        let columns = match &prepared.images {
            Some(images) if self.network.is_of_images() => {
                let [channels, height, width] = images.shape;
                format!("images of {height} x {width} in {}", of(channels, "channel"))
            }
            _ => of(preprocessing.features().len(), "column"),
        };
        output.line(format!(
            "{name}: {columns}, {what}; {train} to train, {validation} to validate, {test} held out"
        ))?;
        for note in prepared.notes.iter().chain(preprocessing.notes()) {
            output.line(format!("note: {note}"))?;
        }
        let parameters = of(network.parameter_count(), "parameter");
        let several = match self.members() {
            1 => String::new(),
            members => format!("{members} of "),
        };
        let what = match &self.network {
            Network::Mlp => {
                let mut sizes = vec![preprocessing.width()];
                sizes.extend(&self.hidden().0);
                sizes.push(preprocessing.outputs());
                let sizes: Vec<String> = sizes.into_iter().map(thousands).collect();
                let dropout = match self.dropout() {
                    0.0 => String::new(),
                    share => format!(", dropout {share}"),
                };
                format!("{several}{}, {}{dropout}", sizes.join(" → "), self.activation())
            }
            other => other.to_string(),
        };
        output.line(format!("network: {what}, {parameters}"))?;
        if self.members() > 1 {
            output.line("their outputs are averaged; each has other rows to validate")?;
        }
        self.introduce_training(output)?;
        if let Target::Number { column, scale, transform, .. } = preprocessing.target() {
            let of = match transform.is_none() {
                true => format!("{column} in units of {}, its standard deviation", short(*scale)),
                false => format!("{column} as it is transformed, over its standard deviation"),
            };
            output.line(format!(
                "losses are mean squared errors of {of}; errors are mean absolute ones of {column} itself"
            ))?;
        }
        output.line("")
    }

    /// Why a training ended, where it is worth a word.
    fn tell_end(&self, history: &History, output: &Output) -> Outcome {
        let kept = history.kept_epoch;
        match history.stopped {
            Stopped::Finished | Stopped::Early { .. } if self.members() > 1 => Ok(()),
            Stopped::Finished if kept < history.epochs.len() => {
                output.line(format!("\nback to the weights of epoch {kept}, the best"))
            }
            Stopped::Finished | Stopped::Diverged => Ok(()),
            Stopped::Requested => {
                output.line("\nstopped by Ctrl-C or a signal")?;
                match self.runs.checkpoint_every {
                    Some(_) => output
                        .line(format!("`gradtape train --resume {}` goes on", self.out.display())),
                    None => Ok(()),
                }
            }
            Stopped::Early { .. } => {
                let patience = of(self.early_stopping.unwrap_or_default(), "epoch");
                output.line(format!(
                    "\nno better for {patience}: back to the weights of epoch {kept}"
                ))
            }
        }
    }

    fn introduce_training(&self, output: &Output) -> Outcome {
        let rate = self.hyper.learning_rate(self.optimizer());
        let schedule = self.schedule.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        let steps = self.steps.map(|steps| format!(", at most {}", of(steps, "step")));
        let precision = match self.precision {
            Precision::F32 => String::new(),
            narrow => format!(", products in {}", narrow.dtype()),
        };
        let early = match self.early_stopping {
            Some(patience) if patience < self.epochs() => {
                format!(", fewer if validation is no better for {patience}")
            }
            _ => String::new(),
        };
        output.line(format!(
            "{}, learning rate {rate}{schedule}, batches of {}, {}{early}{}{precision}, seed {}",
            self.optimizer(),
            thousands(self.batch()),
            of(self.epochs(), "epoch"),
            steps.unwrap_or_default(),
            self.seed
        ))
    }
}

fn no_images(what: &str, source: &Source) -> Failure {
    Failure::usage(format!(
        "{what} is for images, and {} has none\n  hint: images are a folder with a folder of PNG or JPEG images for each class, a \
         folder of IDX files, as of MNIST, or the built-in digits; for rows of numbers there is --network mlp",
        source.name()
    ))
}

/// 4 GB of weights: more is a slip of the keyboard.
const MOST_WEIGHTS: usize = 1_000_000_000;

/// A flag that Ctrl-C and the signals that end a program set. The second time, it ends at once.
fn stop_on_interrupt() -> Arc<AtomicBool> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    let flag = FLAG.get_or_init(|| {
        let flag = Arc::new(AtomicBool::new(false));
        let set = Arc::clone(&flag);
        let installed = ctrlc::set_handler(move || {
            if set.swap(true, Ordering::Relaxed) {
                process::exit(130);
            }
        });
        // Without a handler Ctrl-C ends the program at once, as it does everywhere.
        drop(installed);
        flag
    });
    Arc::clone(flag)
}

/// What one of the networks trains on.
struct Part<'a> {
    number: usize,
    /// To train on and to validate.
    rows: [&'a Dataset; 2],
    augment: Option<Augment>,
    /// All networks, if there are others.
    whole: Option<&'a Members>,
    /// Whether it goes on from a checkpoint.
    resumes: bool,
    checkpoints: Option<(Checkpoints, Clock)>,
    /// What brings a target back to its unit, where that is no multiple.
    undo: Option<Undo>,
}

type Undo = Box<dyn Fn(f64) -> f64 + Send>;

/// What brings a target back to its unit, where that is no multiple.
fn undo(preprocessing: &Preprocessing) -> Option<Undo> {
    match preprocessing.target() {
        Target::Number { transform, .. } if !transform.is_none() => {
            preprocessing.undo().ok().map(|undo| Box::new(undo) as Undo)
        }
        _ => None,
    }
}

impl<'a> Part<'a> {
    /// Of one network, from its first step on, without checkpoints.
    fn alone(rows: [&'a Dataset; 2]) -> Part<'a> {
        let (augment, whole, checkpoints, undo) = (None, None, None, None);
        Part { number: 0, rows, augment, whole, resumes: false, checkpoints, undo }
    }
}

/// Adds the seconds of the epochs of a network to those of others.
fn add_seconds(all: &mut Vec<f64>, more: &[f64]) {
    all.resize(all.len().max(more.len()), 0.0);
    all.iter_mut().zip(more).for_each(|(all, more)| *all += more);
}

#[derive(Serialize)]
struct Report<'a> {
    data: String,
    task: String,
    rows: Counts,
    parameters: usize,
    /// How many networks answer together, if more than one; of the epochs the means are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<usize>,
    epochs: Vec<Epoch>,
    stopped: Ended,
    kept_epoch: usize,
    held_out: Option<&'a Measured>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    files: &'a Files,
}

#[derive(Serialize)]
struct Epoch {
    epoch: usize,
    learning_rate: Number,
    train: Scores,
    validation: Option<Scores>,
    seconds: f64,
}

#[derive(Serialize)]
struct Scores {
    loss: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    accuracy: Option<Number>,
    /// In the unit of the target, other than the loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    mae: Option<Number>,
}

/// The progress, which the callbacks of a trainer share.
fn lock(progress: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

fn epochs(history: &History, seconds: &[f64]) -> Vec<Epoch> {
    let scores = |scores: &gradtape::train::Scores| Scores {
        loss: Number(scores.loss),
        accuracy: scores.accuracy.map(Number),
        mae: scores.mean_absolute_error.map(Number),
    };
    let epoch = |(report, &seconds): (&EpochReport, &f64)| Epoch {
        epoch: report.epoch,
        learning_rate: Number(report.learning_rate),
        train: scores(&report.train),
        validation: report.validation.as_ref().map(scores),
        seconds,
    };
    history.epochs.iter().zip(seconds).map(epoch).collect()
}
