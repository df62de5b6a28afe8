//! Rows made ready for a network: for training, and for a model that exists already.

use std::path::Path;

use clap::ValueEnum;
use gradtape::data::{
    self, Column, ColumnKind, Dataset, Feature, Fractions, PreprocessOptions, Preprocessing, Split,
    Standardise, Stream, Table, TransformChoice,
};
use gradtape::{Tensor, shell_word};

mod following;

pub(crate) use self::following::{following, other_classes};
use crate::advice;
use crate::deal::{Deal, Dealer, Fingerprint};
use crate::division::Division;
use crate::division::keys::Keys;
use crate::error::{Failure, Outcome};
use crate::pieces::UNSEEN;
use crate::report::{of, thousands};
use crate::settings::{Counts, DataSettings, Settings, TestTable};
use crate::source::{BYTES, Content, Rows};

/// Data for a training.
pub(crate) struct Prepared {
    pub(crate) split: Split,
    pub(crate) preprocessing: Preprocessing,
    pub(crate) fingerprint: String,
    /// Whether the data brought its own test part.
    pub(crate) own_test: bool,
    /// The images that rows are, if they are any.
    pub(crate) images: Option<Images>,
    /// How rows were chosen.
    pub(crate) division: Division,
    /// What the user should know of the rows.
    pub(crate) notes: Vec<String>,
    /// The rows to train on, where they are more than those of the split.
    pub(crate) stream: Option<Stream>,
    /// How they were dealt, where they were read in pieces.
    pub(crate) dealt: Option<Deal>,
    /// The table that its part for tests is of, where that is another one.
    pub(crate) tests: Option<TestTable>,
}

impl Prepared {
    /// How many rows each part has.
    pub(crate) fn counts(&self) -> Counts {
        let train = self.stream.as_ref().map_or(self.split.train.len(), Stream::len);
        Counts { train, ..Counts::of(&self.split) }
    }
}

/// What rows of images are.
#[derive(Clone, Debug)]
pub(crate) struct Images {
    /// `[channels, height, width]`.
    pub(crate) shape: [usize; 3],
    /// What a pixel of value 0 has become, for each channel.
    pub(crate) background: Vec<f64>,
}

/// What the user says about a table.
#[derive(Clone, Debug)]
pub(crate) struct TableWishes {
    pub(crate) target: Option<String>,
    pub(crate) options: PreprocessOptions,
    pub(crate) division: Division,
    /// Whose inputs are to be taken over, if they can be.
    pub(crate) inputs_of: Option<Preprocessing>,
    /// Whether cells that do not fit their column are refused.
    pub(crate) strict: bool,
}

impl TableWishes {
    /// With the columns of a table that are meant where names have commas.
    pub(crate) fn of_table(&self, table: &Table) -> TableWishes {
        let mut own = self.clone();
        let PreprocessOptions { categories, numbers, ignore, .. } = &mut own.options;
        for named in [categories, numbers, ignore] {
            *named = rejoined(named, table);
        }
        own
    }
}

impl TableWishes {
    /// Without the column of the groups among those to predict from, unless it is named; adds a note on it.
    pub(crate) fn without_group(&self, target: &str, notes: &mut Vec<String>) -> TableWishes {
        let mut own = self.clone();
        let options = &mut own.options;
        if let Some(group) = self.division.group()
            && group != target
            && ![&options.numbers, &options.categories, &options.ignore]
                .into_iter()
                .any(|named| named.iter().any(|name| name == group))
        {
            options.ignore.push(group.to_string());
            notes.push(format!(
                "column {group:?} left out: no group that is held out was trained on (--categories {} uses it)",
                shell_word(group)
            ));
        }
        own
    }
}

/// Names that were given with commas between. Parts of which none is a column by itself, and which are one together, are
/// this column.
pub(crate) fn rejoined(parts: &[String], table: &Table) -> Vec<String> {
    let is_column = |name: &str| table.columns().iter().any(|column| column.name() == name);
    let (mut rest, mut names) = (parts, Vec::new());
    while let [first, ..] = rest {
        let longer =
            (2..=rest.len()).filter(|_| !is_column(first)).map(|count| rest[..count].join(","));
        let (name, count) =
            longer.zip(2..).find(|(name, _)| is_column(name)).unwrap_or_else(|| (first.clone(), 1));
        names.push(name);
        rest = &rest[count..];
    }
    names
}

/// A part of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    Test,
    Validation,
    Train,
    All,
}

/// Prepares data for training: what is done to its columns is learned from the rows to train on.
pub(crate) fn prepare(
    content: Content,
    wishes: &TableWishes,
    fractions: Fractions,
    normalize: bool,
    seed: u64,
) -> Outcome<Prepared> {
    let mut notes = Vec::new();
    let (split, preprocessing, fingerprint, own_test, images) = match content {
        Content::Table(table) => {
            let wishes = &wishes.of_table(&table);
            let target = target(&table, wishes)?.to_string();
            let target = target.as_str();
            all_there(&table, target, wishes)?;
            notes.extend(table.notes().iter().cloned());
            let wishes = &wishes.without_group(target, &mut notes);
            let options = &wishes.options;
            let (mut table, left_out) = with_target(table, target, options)?;
            notes.extend(left_out);
            // A fold is held out in the place of the part for tests.
            if let (Division::Fold(..), Some(learned)) = (&wishes.division, for_learning(&table)) {
                table = table.rows(&learned)?;
            }
            let mut own_test = false;
            let rows = match for_learning(&table) {
                None => wishes.division.rows(&table, target, options, fractions, seed)?,
                Some(learned) => {
                    own_test = true;
                    let fractions = Fractions { test: 0.0, ..fractions };
                    let own = table.rows(&learned)?;
                    let own = wishes.division.rows(&own, target, options, fractions, seed)?;
                    let of = |rows: Vec<usize>| rows.into_iter().map(|row| learned[row]).collect();
                    let (train, validation) = (of(own.train), of(own.validation));
                    data::Rows { train, validation, test: table.rows_for_tests() }
                }
            };
            let asked = if own_test { Fractions { test: 0.0, ..fractions } } else { fractions };
            let counts = [&rows.train, &rows.validation, &rows.test].map(Vec::len);
            notes.extend(wishes.division.undated(&table)?);
            notes.extend(wishes.division.lacks(counts, asked));
            let preprocessing = Preprocessing::fit(&table, target, &rows.train, options)?;
            let preprocessing = following(preprocessing, wishes, options, &table, &mut notes);
            if options.transform != TransformChoice::default() && preprocessing.classes().is_some()
            {
                return Err(Failure::usage(
                    "--target-transform is for numbers; the target is one of several classes",
                ));
            }
            if wishes.strict {
                let filled = preprocessing.strict_numbers(&table);
                filled.map_err(|error| Failure::from(error).note(format!("hint: {ADVICE}")))?;
            }
            notes.extend(advice::of_order(&table, &preprocessing, &wishes.division));
            notes.extend(advice::of_leaks(&table, &preprocessing, &rows.train));
            let data = preprocessing.dataset(&table)?;
            let known = match for_learning(&table) {
                Some(learned) => fingerprint(&data.rows(&learned)?),
                None => fingerprint(&data),
            };
            (data.split_rows(&rows)?, preprocessing, known, own_test, None)
        }
        Content::Rows(rows) => {
            let Rows { data, scale, target, image, test, notes: told } = *rows;
            let division = &wishes.division;
            // A fold is held out in the place of test files.
            let test = test.filter(|_| !matches!(division, Division::Fold(..)));
            let own_test = test.is_some();
            notes.extend(told);
            if let (Some(labels), Some(count)) = (data.labels(), data.class_count()) {
                notes.extend(absent(labels.iter().map(|&label| label as usize), count));
            }
            let split = |data: &Dataset, test: Option<Dataset>| -> Outcome<Split> {
                match division.of_fold(data, None, fractions.validation, seed)? {
                    Some(rows) => Ok(data.split_rows(&rows)?),
                    None => split(data, test, division, fractions, seed),
                }
            };
            let mut parts = split(&data, test.clone())?;
            let channels = match image.filter(|_| normalize && !parts.train.is_empty()) {
                None => vec![(0.0, scale)],
                Some([channels, ..]) => {
                    let fitted = Standardise::fit_channels(parts.train.inputs(), channels)?;
                    let both = fitted.mean().iter().zip(fitted.scale());
                    both.map(|(mean, own)| (mean * scale, own * scale)).collect()
                }
            };
            let preprocessing = Preprocessing::channels(&data, target, &channels)?;
            if let Some(other) = &wishes.inputs_of {
                notes.extend(other_classes(&preprocessing, other));
                if other.features() != preprocessing.features() {
                    notes.push(
                        "the inputs are not prepared as for the model of --start (--normalize): what its first layer \
                         learned of them does not hold"
                            .to_string(),
                    );
                }
            }
            let mut all = data;
            if normalize {
                let prepared = |data: &Dataset| -> Outcome<Dataset> {
                    Ok(data.with_inputs(scaled(data, scale, &preprocessing)?)?)
                };
                all = prepared(&all)?;
                parts = split(&all, test.as_ref().map(prepared).transpose()?)?;
            }
            let background = channels.iter().map(|(mean, own)| -mean / own).collect();
            let images = image.map(|shape| Images { shape, background });
            (parts, preprocessing, fingerprint(&all), own_test, images)
        }
    };
    if split.train.is_empty() {
        return Err(Failure::failed("no row is left to train on"));
    }
    let division = wishes.division.clone();
    Ok(Prepared {
        split,
        preprocessing,
        fingerprint,
        own_test,
        images,
        division,
        notes,
        stream: None,
        dealt: None,
        tests: None,
    })
}

/// The rows that are not only for tests, where others are.
fn for_learning(table: &Table) -> Option<Vec<usize>> {
    let tests = table.rows_for_tests();
    let is_learned = |row: &usize| tests.binary_search(row).is_err();
    (!tests.is_empty()).then(|| (0..table.len()).filter(is_learned).collect())
}

/// What helps where columns are not what they seem to be.
pub(crate) const ADVICE: &str = "--categories COLUMN takes a column as names, --numbers COLUMN as numbers, --ignore \
                                 COLUMN leaves it out; without --strict such cells are missing";

/// Fails unless all columns that flags name are there.
pub(crate) fn all_there(table: &Table, target: &str, wishes: &TableWishes) -> Outcome {
    let PreprocessOptions { categories, numbers, ignore, .. } = &wishes.options;
    let named = categories.iter().chain(numbers).chain(ignore).map(String::as_str);
    let named = [target].into_iter().chain(named).chain(wishes.division.column());
    let missing: Vec<gradtape::Error> = named.filter_map(|name| table.column(name).err()).collect();
    let Some((last, others)) = missing.split_last() else { return Ok(()) };
    let told = others.iter().map(|error| error.message().to_string());
    Err(of_sheets(table, told.fold(Failure::usage(last), Failure::note)))
}

/// With what is to be known of the sheets of a workbook: the columns may be in another one.
fn of_sheets(table: &Table, failure: Failure) -> Failure {
    let of_sheets = table.notes().iter().filter(|note| note.contains("--sheet"));
    of_sheets.fold(failure, Failure::note)
}

/// The rows that have a target, and a note on the others. Where it is of categories, whatever the user calls so, any text
/// is one.
pub(crate) fn with_target(
    table: Table,
    target: &str,
    options: &PreprocessOptions,
) -> Outcome<(Table, Option<String>)> {
    let rows = match options.categories.iter().any(|name| name == target) {
        true => {
            let cells = table.column(target)?.cells().enumerate();
            cells.filter_map(|(row, cell)| cell.map(|_| row)).collect()
        }
        false => table.rows_with(target)?,
    };
    of_rows(table, target, &rows)
}

/// Some rows of a table, if there are any, and a note on the others.
fn of_rows(table: Table, target: &str, rows: &[usize]) -> Outcome<(Table, Option<String>)> {
    if rows.len() == table.len() || rows.is_empty() {
        return Ok((table, None));
    }
    let without = (0..table.len()).find(|row| rows.binary_search(row).is_err()).unwrap_or(0);
    let mut note = format!(
        "{} of {} left out: no value of {target:?}, the first on {}",
        thousands(table.len() - rows.len()),
        of(table.len(), "row"),
        table.at(without)
    );
    note += &words(&table, target);
    Ok((table.rows(rows)?, Some(note)))
}

/// Which words of the column that is to be predicted are missing values, at the end of a note on rows that are left out;
/// nothing where there are none.
pub(crate) fn words(table: &Table, target: &str) -> String {
    let Ok(column) = table.column(target) else { return String::new() };
    let Some((count, word)) = column.missing_words() else { return String::new() };
    let (one, more) = match column.kind() {
        ColumnKind::Category => {
            (", which --keep-na takes as a value", ", which --keep-na takes as values")
        }
        _ => ("", ""),
    };
    match count {
        1 => format!("; one says {word:?}{one}"),
        all => format!("; {} say {word:?} or the like{more}", thousands(all)),
    }
}

/// A note where numbers of classes come in no row.
pub(crate) fn absent(labels: impl Iterator<Item = usize>, count: usize) -> Option<String> {
    let mut found = vec![false; count];
    labels.for_each(|label| found[label] = true);
    let absent: Vec<String> =
        (0..count).filter(|&class| !found[class]).map(|class| class.to_string()).collect();
    let shown = absent[..absent.len().min(8)].join(", ");
    let more = if absent.len() > 8 { ", …" } else { "" };
    (!absent.is_empty()).then(|| {
        format!("labels count from 0 to {}, of which {shown}{more} come in no row", count - 1)
    })
}

/// The parts of rows that are prepared already; a test part of their own is kept as it is.
pub(crate) fn split(
    data: &Dataset,
    test: Option<Dataset>,
    division: &Division,
    fractions: Fractions,
    seed: u64,
) -> Outcome<Split> {
    let share = if test.is_some() { 0.0 } else { fractions.test };
    let fractions = Fractions { test: share, ..fractions };
    let mut split = match division {
        Division::Random => data.split_rows(&data::Rows::random(data.len(), fractions, seed)?)?,
        _ => data.split(fractions.validation, share, seed)?,
    };
    if let Some(test) = test {
        split.test = test;
    }
    Ok(split)
}

/// The inputs of data for a model, `[n, width]`; targets need not be there.
pub(crate) fn inputs(content: &Content, preprocessing: &Preprocessing) -> Outcome<Tensor> {
    match content {
        Content::Table(table) => Ok(preprocessing.inputs(table)?),
        Content::Rows(rows) => scaled(&rows.data, rows.scale, preprocessing),
    }
}

/// The images of a folder for a model, one row each; those for tests if there are any.
pub(crate) fn images(folder: &Path, preprocessing: &Preprocessing) -> Outcome<Tensor> {
    of_images(folder, &data::read_idx_inputs(folder)?, BYTES, preprocessing)
}

/// Images for a model, one row each, that were divided by `scale`.
pub(crate) fn of_images(
    folder: &Path,
    images: &Tensor,
    scale: f64,
    preprocessing: &Preprocessing,
) -> Outcome<Tensor> {
    let [n, ref sizes @ ..] = images.shape()[..] else {
        return Err(Failure::failed(format!("{}: not a file of images", folder.display())));
    };
    let pixels: usize = sizes.iter().product();
    scaled_rows(&images.reshape([n, pixels])?, &[], scale, preprocessing)
}

/// Whether data, prepared for a model, is what the model was trained on.
pub(crate) fn is_of(known: &DataSettings, content: &Content, data: &Dataset) -> Outcome<bool> {
    if known.dealt.is_none() {
        return Ok(known.fingerprint == fingerprint(data));
    }
    let mut print = Fingerprint::default();
    // Images count as they are in their files.
    let as_counted = match content {
        Content::Table(_) => data,
        Content::Rows(rows) => &rows.data,
    };
    print.add(as_counted, numbers(content, data))?;
    Ok(known.fingerprint == print.text())
}

/// The rows of a table, prepared, where it is the one that was held out in a training by `--test`; none of it without an
/// answer is among them.
pub(crate) fn held_out(
    known: &DataSettings,
    content: &Content,
    preprocessing: &Preprocessing,
) -> Outcome<Option<Dataset>> {
    let (Some(tests), Content::Table(table)) = (&known.tests, content) else { return Ok(None) };
    let data = preprocessing.dataset(table)?;
    let mut print = Fingerprint::default();
    print.add(&data, numbers(content, &data))?;
    Ok((tests.fingerprint == print.text()).then_some(data))
}

/// The rows from which simple answers were learned in the training of a model on this data.
pub(crate) fn learned(
    content: &Content,
    data: &Dataset,
    rows: &data::Rows,
    preprocessing: &Preprocessing,
    known: &DataSettings,
) -> Outcome<Vec<usize>> {
    match known.dealt {
        Some(deal) => {
            Ok(dealer(content, data, preprocessing, known, deal)?.kept(numbers(content, data)))
        }
        None => Ok(rows.train.clone()),
    }
}

/// What gave the rows of a training to their parts, found again in the data that it was trained on, all of which is here.
fn dealer(
    content: &Content,
    data: &Dataset,
    preprocessing: &Preprocessing,
    known: &DataSettings,
    deal: Deal,
) -> Outcome<Dealer> {
    if deal.measured.is_none() {
        return Ok(Dealer::of(deal));
    }
    let division = division_of(known)?;
    let Some(mut keys) = Keys::of(&division) else { return Ok(Dealer::of(deal)) };
    match content {
        Content::Table(table) => keys.add(table, preprocessing)?,
        Content::Rows(_) => {
            let classes = preprocessing.classes().map_or(&[][..], |classes| classes.names());
            keys.add_labels(data.labels().unwrap_or_default().iter().copied(), classes);
        }
    }
    Ok(Dealer::by(deal, keys.parts(fractions_of(known), known.seed)?))
}

/// How the rows of a training were divided.
pub(crate) fn division_of(known: &DataSettings) -> Outcome<Division> {
    match &known.split {
        Some(split) => split.parse().map_err(Failure::failed),
        None => Ok(Division::Usual),
    }
}

/// The shares that were held out in a training.
pub(crate) fn fractions_of(known: &DataSettings) -> Fractions {
    Fractions { validation: known.validation, test: known.test }
}

/// The numbers by which rows are dealt.
fn numbers<'a>(content: &'a Content, data: &Dataset) -> impl Iterator<Item = usize> + 'a {
    (0..data.len()).map(move |row| match content {
        Content::Table(table) => table.line(row),
        Content::Rows(_) => row,
    })
}

/// The parts of the rows of a training, found again in the data that it was trained on, without a part for tests of its
/// own, as [`datasets`] gives it.
pub(crate) fn parts(
    content: &Content,
    data: &Dataset,
    preprocessing: &Preprocessing,
    known: &DataSettings,
) -> Outcome<data::Rows> {
    if let Some(deal) = known.dealt {
        let dealer = dealer(content, data, preprocessing, known, deal)?;
        return Ok(dealer.rows(numbers(content, data)));
    }
    let (fractions, division) = (fractions_of(known), division_of(known)?);
    let own = match content {
        Content::Table(table) => for_learning(table).map(|rows| table.rows(&rows)).transpose()?,
        Content::Rows(_) => None,
    };
    let own = own.map(Content::Table);
    let content = own.as_ref().unwrap_or(content);
    let table = match content {
        Content::Table(table) => Some((table, preprocessing.target().column())),
        Content::Rows(_) => None,
    };
    if let Some(rows) = division.of_fold(data, table, known.validation, known.seed)? {
        return Ok(rows);
    }
    let by_class = matches!(division, Division::Usual | Division::Stratified);
    match (content, data.labels()) {
        (_, Some(labels)) if by_class && data.targets().rank() == 1 => {
            Ok(data::Rows::stratified(labels, fractions, known.seed)?)
        }
        (Content::Table(table), _) if division != Division::Usual => {
            let options = PreprocessOptions::default();
            division.rows(table, preprocessing.target().column(), &options, fractions, known.seed)
        }
        _ => Ok(data::Rows::random(data.len(), fractions, known.seed)?),
    }
}

/// The rows of a table that have a target, as the model reads it.
pub(crate) struct Answered {
    pub(crate) rows: Vec<usize>,
    /// How many have none, and how many of a class that was not known are left out.
    pub(crate) without: usize,
    pub(crate) unseen: usize,
    /// What those that are left out are.
    pub(crate) notes: Vec<String>,
}

impl Answered {
    /// Of a table for a model. A training that read its data in pieces left out classes that it did not know; other
    /// models are to be told of such.
    pub(crate) fn of(
        table: &Table,
        preprocessing: &Preprocessing,
        known: Option<&Settings>,
    ) -> Outcome<Answered> {
        let (mut rows, unseen) = preprocessing.rows_to_learn(table)?;
        let column = preprocessing.target().column();
        let count = rows.len() + unseen.len();
        let mut notes = Vec::new();
        if count < table.len() && count > 0 {
            let mut with = [&rows[..], &unseen].concat();
            with.sort_unstable();
            let without = (0..table.len()).find(|row| with.binary_search(row).is_err());
            notes.push(format!(
                "{} of {} left out: no value of {column:?}, the first on {}",
                thousands(table.len() - count),
                of(table.len(), "row"),
                table.at(without.unwrap_or(0))
            ));
            if let Some(note) = notes.last_mut() {
                *note += &words(table, column);
            }
        }
        let without = table.len() - count;
        match unseen.first().filter(|_| known.is_some_and(|known| known.data.dealt.is_some())) {
            Some(&first) => notes.push(format!(
                "{} of {} left out: {UNSEEN}, such as {:?} on {}",
                thousands(unseen.len()),
                of(table.len(), "row"),
                table.column(column)?.cell(first).unwrap_or("-"),
                table.at(first)
            )),
            None => {
                rows.extend(&unseen);
                rows.sort_unstable();
            }
        }
        let unseen = count - rows.len();
        Ok(Answered { rows, without, unseen, notes })
    }
}

/// The rows that have a target, with notes on the others, and where they were among all; rows that are no table have one.
pub(crate) fn answered(
    content: Content,
    preprocessing: &Preprocessing,
    known: Option<&Settings>,
) -> Outcome<(Content, Answered)> {
    match content {
        Content::Table(table) => {
            let answered = Answered::of(&table, preprocessing, known)?;
            // Of a table without any, the first that is missing is told where it is needed.
            let table = match answered.rows.len() {
                0 => table,
                some if some == table.len() => table,
                _ => table.rows(&answered.rows)?,
            };
            Ok((Content::Table(table), answered))
        }
        Content::Rows(own) => {
            let rows = (0..own.data.len()).collect();
            Ok((Content::Rows(own), Answered { rows, without: 0, unseen: 0, notes: Vec::new() }))
        }
    }
}

/// Rows and labels of data for a model, and the data's own part for tests.
pub(crate) fn datasets(
    content: &Content,
    preprocessing: &Preprocessing,
) -> Outcome<(Dataset, Option<Dataset>)> {
    match content {
        Content::Table(table) => {
            let data = preprocessing.dataset(table)?;
            match for_learning(table) {
                None => Ok((data, None)),
                Some(rows) => Ok((data.rows(&rows)?, Some(data.rows(&table.rows_for_tests())?))),
            }
        }
        Content::Rows(rows) => {
            let Rows { data, scale, test, .. } = &**rows;
            let fit = |data: &Dataset| -> Outcome<Dataset> {
                let inputs = scaled(data, *scale, preprocessing)?;
                Ok(Dataset::new(inputs, labels(data, preprocessing)?)?)
            };
            Ok((fit(data)?, test.as_ref().map(fit).transpose()?))
        }
    }
}

/// Tells whether data is the same as other data, prepared in the same way.
pub(crate) fn fingerprint(data: &Dataset) -> String {
    format!("{:016x}", data.fingerprint())
}

/// The column that is to be predicted.
pub(crate) fn target<'a>(table: &'a Table, wishes: &'a TableWishes) -> Outcome<&'a str> {
    let told = table.target().map(Column::name);
    wishes.target.as_deref().or(told).ok_or_else(|| {
        let names: Vec<&str> = table.columns().iter().take(20).map(|c| c.name()).collect();
        let more = if table.columns().len() > names.len() { ", …" } else { "" };
        let failure = Failure::usage(format!(
            "{}: which column is to be predicted?\n  hint: --target COLUMN, one of {}{more}",
            table.source(),
            names.join(", ")
        ));
        of_sheets(table, failure)
    })
}

/// Rows of numbers as the model's preprocessing would make them from a table.
fn scaled(data: &Dataset, scale: f64, preprocessing: &Preprocessing) -> Outcome<Tensor> {
    scaled_rows(data.inputs(), data.features(), scale, preprocessing)
}

fn scaled_rows(
    inputs: &Tensor,
    names: &[String],
    scale: f64,
    preprocessing: &Preprocessing,
) -> Outcome<Tensor> {
    let number = |feature: &Feature| match *feature {
        Feature::Number { ref column, mean, scale, missing: false } => {
            (!preprocessing.draws_in(column)).then_some((mean, scale))
        }
        _ => None,
    };
    let numbers: Option<Vec<(f64, f64)>> = preprocessing.features().iter().map(number).collect();
    let numbers = numbers.ok_or_else(|| {
        Failure::failed(
            "the model was trained on a table with text, dates, missing or far values, the data has numbers only",
        )
    })?;
    let (expected, width) = (preprocessing.feature_names(), inputs.shape()[1]);
    let names = match names {
        [] => (0..width).map(|i| format!("p{i}")).collect(),
        names => names.to_vec(),
    };
    if names.len() != expected.len() {
        return Err(Failure::failed(format!(
            "the model was trained on {}, the data has {}",
            of(expected.len(), "column"),
            thousands(width)
        )));
    }
    if let Some(at) = (0..width).find(|&at| names[at] != expected[at]) {
        return Err(Failure::failed(format!(
            "column {at} of the data is {:?}, the model was trained on {:?}",
            names[at], expected[at]
        )));
    }
    if numbers.iter().all(|&number| number == (0.0, scale)) {
        return Ok(inputs.clone());
    }
    let of = |(x, (mean, own)): (f64, &(f64, f64))| ((x * scale - mean) / own) as f32;
    let columns = numbers.iter().cycle();
    let values: Vec<f32> = match inputs.as_slice::<f32>() {
        Some(values) => values.iter().map(|&x| f64::from(x)).zip(columns).map(of).collect(),
        None => inputs.to_f64_vec().into_iter().zip(columns).map(of).collect(),
    };
    Ok(Tensor::from_vec(values, inputs.shape().clone())?)
}

/// The labels of rows by the model's numbers for classes.
fn labels(data: &Dataset, preprocessing: &Preprocessing) -> Outcome<Tensor> {
    let (Some(labels), Some(classes)) = (data.labels(), preprocessing.classes()) else {
        return Err(Failure::failed("the model predicts a number, the data has classes"));
    };
    if data.classes() == classes.names() {
        return Ok(data.targets().clone());
    }
    let number = |(row, &label): (usize, &i64)| {
        let name = data.classes().get(label as usize).cloned().unwrap_or(label.to_string());
        let known = classes.names().iter().position(|known| *known == name);
        known.map(|number| number as i64).ok_or_else(|| {
            Failure::failed(format!(
                "row {row}: class {name:?} was not seen in training, only {}",
                classes.names().join(", ")
            ))
        })
    };
    let numbers = labels.iter().enumerate().map(number).collect::<Outcome<Vec<i64>>>()?;
    Ok(Tensor::from_vec(numbers, data.len())?)
}
