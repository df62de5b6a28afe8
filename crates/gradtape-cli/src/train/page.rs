//! The page of a training, `--report`: what was trained on what, how it went, how good it is and where it is wrong.

mod classes;
mod numbers;

use gradtape::data::Target;
use gradtape::io::Model;
use gradtape::nn::Module;
use gradtape::train::{History, Stopped};

use super::curves::curves;
use super::flags::Train;
use crate::division::Division;
use crate::error::Outcome;
use crate::importance::{Importance, SHOWN};
use crate::inspect;
use crate::measure::{Measured, Shares, short};
use crate::model::outputs;
use crate::page::{Cell, Page, figures, list, paragraph, table, terms, text};
use crate::report::{Number, of, percent, thousands};
use crate::rows::Prepared;
use crate::settings::{Ended, Settings, TestTable};

/// What a page tells of.
pub(super) struct Told<'a> {
    pub(super) prepared: &'a Prepared,
    pub(super) settings: &'a Settings,
    /// Of each network.
    pub(super) histories: &'a [History],
    pub(super) model: &'a Model,
    /// What was measured on the rows held out, if there are any.
    pub(super) held_out: Option<&'a Measured>,
}

/// The page of a training. The same training gives the same page: there are no times on it.
pub(super) fn page(train: &Train, told: &Told<'_>) -> Outcome<String> {
    let Told { prepared, settings, held_out, .. } = told;
    let target = prepared.preprocessing.target().column();
    let mut page = Page::new(format_args!("{target} of {}", settings.data.name));
    page.section("Data", &data(told));
    page.section("Network and settings", &network(told));
    page.section("Training", &training(told)?);
    match held_out {
        None => {
            let none = "No rows were held out: how good it is, is not known.";
            page.section("Held-out rows", &paragraph(none));
        }
        Some(measured) => {
            let rare = measured.rarely_found().filter(|_| train.columns.class_weights.is_none());
            let rare = rare.map(|rare| paragraph(capital(&rare) + ".")).unwrap_or_default();
            page.section("Held-out rows", &(scores(measured) + &rare));
            let answers = outputs(&told.model.network, prepared.split.test.inputs())?;
            match measured {
                Measured::Classes { classes, confusion_matrix, shares, .. } => {
                    page.section("Where it is wrong", &classes::errors(classes, confusion_matrix));
                    page.section(
                        "Probabilities",
                        &classes::chances(told, classes, shares, &answers)?,
                    );
                }
                Measured::Number { .. } => {
                    page.section("Where it is wrong", &numbers::errors(told, &answers)?);
                    page.section("Intervals", &numbers::intervals(told, &answers)?);
                }
            }
            page.section("What it rests on", &importance(told)?);
        }
    }
    let warnings = train.watch.warnings();
    let health = match warnings.is_empty() {
        true => {
            paragraph("Nothing went wrong that is watched for: gradients, units, steps and losses.")
        }
        false => list(warnings),
    };
    page.section("Health", &health);
    page.section("Again", &again(train, told.histories));
    Ok(page.html())
}

fn data(told: &Told<'_>) -> String {
    let Told { prepared, settings, .. } = told;
    let (counts, preprocessing, data) =
        (prepared.counts(), &prepared.preprocessing, &settings.data);
    let all = counts.train + counts.validation + counts.test;
    let target = match preprocessing.target() {
        Target::Classes { column, classes, .. } => {
            format!("{column}, {}", of(classes.len(), "class"))
        }
        Target::Number { column, .. } => format!("{column}, a number"),
    };
    let inputs = match &prepared.images {
        Some(images) => {
            let [channels, height, width] = images.shape;
            format!("images of {height} x {width} in {}", of(channels, "channel"))
        }
        None => of(preprocessing.features().len(), "column"),
    };
    let rows = [
        ("data", data.name.clone()),
        ("rows", thousands(all)),
        ("predicted from", inputs),
        ("predicted", target),
        ("to train", thousands(counts.train)),
        ("to validate", thousands(counts.validation)),
        ("held out", thousands(counts.test)),
        ("chosen", chosen(prepared, data.seed)),
        ("fingerprint", data.fingerprint.clone()),
    ];
    let notes: Vec<&String> = prepared.notes.iter().chain(preprocessing.notes()).collect();
    let notes = match notes.is_empty() {
        true => String::new(),
        false => format!("<h3>Notes</h3>\n{}", list(notes)),
    };
    terms(rows) + &notes
}

/// How the rows of each part were chosen.
fn chosen(prepared: &Prepared, seed: u64) -> String {
    let by_class = prepared.preprocessing.classes().is_some();
    let at_random = match by_class {
        true => format!("at random with seed {seed}, in each part the same share of each class"),
        false => format!("at random with seed {seed}"),
    };
    let how = match &prepared.division {
        Division::Usual => at_random,
        Division::Random => format!("at random with seed {seed}"),
        Division::Stratified if by_class => at_random,
        Division::Stratified => {
            format!(
                "at random with seed {seed}, in each part the same share of each tenth of the values"
            )
        }
        Division::Time(column) => format!("in order of {column}: the latest rows are held out"),
        Division::Group(column) => {
            format!("at random with seed {seed}, all rows with the same {column} in one part")
        }
        division @ Division::Fold(..) => {
            format!("{}, seed {seed}", division.note().unwrap_or_default())
        }
    };
    match (&prepared.tests, prepared.own_test) {
        (Some(TestTable { name, .. }), _) => {
            format!("held out are the rows of {name}; the others {how}")
        }
        (None, true) => format!("held out are the data's own test files; the others {how}"),
        (None, false) => how,
    }
}

fn network(told: &Told<'_>) -> String {
    // Where the rows are from stands above.
    let above = ["data", "held out", "split", "rows"];
    let own = inspect::rows(told.settings).into_iter();
    let own = own.filter(|[name, _]| !above.contains(&&**name));
    let count = thousands(told.model.network.parameter_count());
    terms(own.map(|[name, value]| (name, value)).chain([("parameters".to_string(), count)]))
}

fn training(told: &Told<'_>) -> Outcome<String> {
    let scores = told.held_out.map(Measured::scores);
    let mut chart = curves(told.histories, scores.as_ref(), "");
    chart.title = "over the epochs".to_string();
    let kept: Vec<String> =
        told.histories.iter().map(|history| thousands(history.kept_epoch)).collect();
    let ended = told.settings.course.as_ref().map(|course| course.ended);
    let how = ended.map(|ended| ended.to_string()).unwrap_or_default();
    let weights = match &kept[..] {
        [kept] => format!("the weights are those after epoch {kept}"),
        kept => format!(
            "{} answer together, and the weights of each are those after epochs {}",
            of(kept.len(), "network"),
            kept.join(", ")
        ),
    };
    let one_way = kept.len() == 1 || matches!(ended, Some(Ended::Requested | Ended::Diverged));
    let line = if one_way { format!("{how}; {weights}.") } else { format!("{weights}.") };
    let mut below = String::from("Dots mark the epochs whose weights were kept.");
    if told.held_out.is_some() {
        below += " The dashed grey line is what was reached on the rows held out.";
    }
    if kept.len() > 1 {
        let rows = match told.prepared.split.validation.is_empty() {
            true => "the rows that it trained on",
            false => "its own rows to validate",
        };
        below += &format!(
            " Of each network the thin line shows what it reached on {rows}; the means end where the first \
             network ended."
        );
    }
    Ok(paragraph(capital(&line)) + &figures(&chart, below)?)
}

/// A line whose first letter is a capital.
fn capital(line: &str) -> String {
    let mut letters = line.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    first + letters.as_str()
}

/// The figures of the network, with simple answers on the same rows beside.
fn scores(measured: &Measured) -> String {
    let share = |value: Option<Number>| value.map_or(NONE.to_string(), |own| percent(own.0));
    let plain =
        |value: Option<Number>| value.map_or(NONE.to_string(), |own| format!("{:.4}", own.0));
    let unit = |value: Option<Number>| value.map_or(NONE.to_string(), |own| short(own.0));
    let all = measured.baselines();
    let beside = |of: &dyn Fn(&crate::baseline::Baseline) -> String| all.iter().map(of).collect();
    let none = || vec![NONE.to_string(); all.len()];
    let among = |own: &crate::baseline::Baseline, share: fn(&Shares) -> Option<Number>| {
        own.shares.as_ref().and_then(share)
    };
    let rows: Vec<(&str, String, Vec<String>)> = match measured {
        Measured::Classes { loss, accuracy, shares, .. } => vec![
            ("accuracy", percent(accuracy.0), beside(&|own| share(own.accuracy))),
            ("loss", format!("{:.4}", loss.0), beside(&|own| plain(own.loss))),
            (
                "balanced accuracy",
                share(shares.balanced_accuracy),
                beside(&|own| share(among(own, |shares| shares.balanced_accuracy))),
            ),
            ("F1", share(shares.f1), beside(&|own| share(among(own, |shares| shares.f1)))),
            (
                "ROC area",
                plain(shares.roc_auc),
                beside(&|own| plain(among(own, |shares| shares.roc_auc))),
            ),
            (
                "precision-recall area",
                plain(shares.average_precision),
                beside(&|own| plain(among(own, |shares| shares.average_precision))),
            ),
            (
                "calibration error",
                share(shares.calibration_error),
                beside(&|own| share(among(own, |shares| shares.calibration_error))),
            ),
        ],
        Measured::Number { loss, rmse, mae, r2, .. } => vec![
            ("R²", plain(*r2), beside(&|own| plain(own.r2))),
            ("root mean squared error", short(rmse.0), beside(&|own| unit(own.rmse))),
            ("mean absolute error", short(mae.0), beside(&|own| unit(own.mae))),
            ("loss", format!("{:.4}", loss.0), none()),
        ],
    };
    let names = ["", "network"].map(String::from).into_iter();
    let headings: Vec<String> =
        names.chain(all.iter().map(|own| own.called().to_string())).collect();
    let rows: Vec<(String, Vec<Cell>)> = rows
        .into_iter()
        .map(|(name, own, others)| {
            (name.to_string(), [own].into_iter().chain(others).map(Cell::Text).collect())
        })
        .collect();
    let (Measured::Classes { rows: count, .. } | Measured::Number { rows: count, .. }) = measured;
    let mut told = Vec::new();
    told.extend(measured.no_better().map(|constant| format!("It is no better than {constant}.")));
    told.extend(
        measured.better().map(|best| format!("Better than the network: {}.", best.called())),
    );
    let told: String = told.into_iter().map(paragraph).collect();
    table(&format!("On {} that were held out", of(*count, "row")), &headings, &rows) + &told
}

fn importance(told: &Told<'_>) -> Outcome<String> {
    let Told { prepared, model, .. } = told;
    if prepared.images.is_some() {
        return Ok(paragraph(
            "Single pixels of images tell little: they are not measured one by one.",
        ));
    }
    let test = &prepared.split.test;
    let (importance, [rows, columns]) =
        Importance::in_short(&model.network, &prepared.preprocessing, test)?;
    let most =
        importance.columns.first().map_or(0.0, |column| column.loss.0).max(f64::MIN_POSITIVE);
    let accuracy = importance.columns.iter().any(|column| column.accuracy.is_some());
    let names = ["column", "loss rises by", "±"].into_iter();
    let headings: Vec<String> =
        names.chain(accuracy.then_some("accuracy falls by")).map(String::from).collect();
    let shown: Vec<(String, Vec<Cell>)> = importance
        .columns
        .iter()
        .take(SHOWN)
        .map(|column| {
            let [loss, deviation] =
                [column.loss, column.deviation].map(|own| format!("{:.4}", own.0));
            let bar = Cell::Bar { text: loss, share: column.loss.0 / most };
            let share = column.accuracy.map(|share| Cell::Text(percent(share.0)));
            (column.column.clone(), [bar, Cell::Text(deviation)].into_iter().chain(share).collect())
        })
        .collect();
    let mut left_out = Vec::new();
    let all = prepared.preprocessing.features().len();
    if columns < all {
        left_out.push(format!(
            "only the first {} of {} were measured, so that it takes no longer than some seconds",
            thousands(columns),
            of(all, "column")
        ));
    }
    if rows < test.len() {
        let (rows, all) = (thousands(rows), of(test.len(), "row"));
        left_out.push(format!("measured on {rows} of {all}, chosen at random"));
    }
    if columns > shown.len() {
        let more = thousands(columns - shown.len());
        left_out.push(format!("{more} less important columns are not shown"));
    }
    let more = match left_out.is_empty() {
        true => String::new(),
        false => paragraph(format!("Left out: {}.", left_out.join("; "))),
    };
    let caption =
        "How much worse it is with the values of a column shuffled among the rows held out";
    Ok(table(caption, &headings, &shown) + &more)
}

fn again(train: &Train, histories: &[History]) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let input = match train.data == "-" {
        true => paragraph("The rows came from standard input."),
        false => String::new(),
    };
    let stopped = histories.iter().any(|own| matches!(own.stopped, Stopped::Requested));
    let said = match (stopped, train.runs.insist) {
        (true, _) => "This training was stopped before its end, the command goes on to it.",
        (_, true) => {
            "This training went on with other data or settings than it began with: the command gives another result."
        }
        _ => "The same command on the same data with the same version gives the same bits.",
    };
    format!(
        "<pre><code>{}</code></pre>\n{input}<footer><p>gradtape {version}. {said}</p></footer>\n",
        text(train.runs.words.command(train.seed))
    )
}

/// What stands where something is not defined.
const NONE: &str = "-";

/// So many of a list of points, at even distances, that a picture stays small; and what is to be said of it.
fn thinned(points: Vec<(f64, f64)>) -> (Vec<(f64, f64)>, String) {
    const MOST: usize = 1500;
    let all = points.len();
    if all <= MOST {
        return (points, String::new());
    }
    let some = (0..MOST).map(|place| points[place * all / MOST]).collect();
    (some, format!(" Of {} {} are drawn.", of(all, "row"), thousands(MOST)))
}
