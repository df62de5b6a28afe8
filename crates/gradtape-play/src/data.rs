//! [`Data`]: what a session learns from, and how it is looked at.

use std::rc::Rc;

use gradtape::data::{
    self, CsvOptions, Dataset, Feature, Fractions, PreprocessOptions, Preprocessing, Split, Table,
    Target,
};
use gradtape::{Error, Kind, Result, Tensor};

use super::drawn;
use super::formula::Formula;
use super::losses::{Loss, Task};
use super::settings::{Settings, Source};

/// Points to learn from and points that are held out.
pub(crate) struct Data {
    pub(crate) train: Rc<Dataset>,
    pub(crate) test: Rc<Dataset>,
    pub(crate) task: Task,
    /// The column to learn, of a table.
    pub(crate) target: String,
    pub(crate) loss: Loss,
    /// The names of the inputs.
    pub(crate) features: Vec<String>,
    /// The inputs that are looked at; only the first where there is one input.
    pub(crate) axes: [Axis; 2],
    /// The square of pixels that a row is.
    pub(crate) image: Option<[usize; 2]>,
    /// How columns became inputs; of a loss that the program has too.
    pub(crate) preprocessing: Option<Preprocessing>,
    /// The values of a number, from the least to the largest.
    pub(crate) values: [f64; 2],
    /// What the user should know.
    pub(crate) notes: Vec<String>,
}

/// An input that is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    pub(crate) input: usize,
    /// The inputs from which to which is drawn.
    pub(crate) from: f64,
    pub(crate) to: f64,
    /// What the column's numbers are: `mean + scale * input`.
    pub(crate) mean: f64,
    pub(crate) scale: f64,
}

/// Rows before they are divided.
struct Rows {
    split: Split,
    task: Task,
    target: String,
    features: Vec<String>,
    image: Option<[usize; 2]>,
    preprocessing: Option<Preprocessing>,
    notes: Vec<String>,
}

impl Data {
    /// The data that settings name; of a table, from its bytes.
    pub(crate) fn of(settings: &Settings, table: Option<&[u8]>) -> Result<Data> {
        let Rows { split, task, target, features, image, preprocessing, notes } = match settings
            .data
        {
            Source::Csv => from_table(settings, table)?,
            Source::Digits => {
                let split = data::digits().flatten().split(0.0, settings.test, settings.seed)?;
                let task = Task::Classes((0..10).map(|digit| digit.to_string()).collect());
                let preprocessing = Preprocessing::fixed(&split.train, "digit", 0.0, 16.0)?;
                let features = (0..64).map(|pixel| format!("p{pixel}")).collect();
                Rows {
                    split,
                    task,
                    target: "digit".into(),
                    features,
                    image: Some([8, 8]),
                    preprocessing: Some(preprocessing),
                    notes: vec![],
                }
            }
            _ => of_points(settings)?,
        };
        let Split { train, test, .. } = split;
        if train.is_empty() {
            return Err(Error::new(Kind::Data, "no point is left to learn from"));
        }
        let loss = settings.loss.unwrap_or(Loss::usual(&task));
        loss.check(&task)?;
        let axes = axes(settings, &features, &[&train, &test], preprocessing.as_ref(), image)?;
        let numbers = match task {
            Task::Number(_) => train.targets().to_f64_vec(),
            Task::Classes(_) => vec![0.0, 1.0],
        };
        let values = numbers.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[least, most], v| {
            [v.min(least), v.max(most)]
        });
        let classes = match &task {
            Task::Classes(names) => names.len(),
            Task::Number(_) => 0,
        };
        let as_lost = |data: Dataset| -> Result<Dataset> {
            match data.labels() {
                Some(labels) if loss != Loss::CrossEntropy => {
                    Dataset::new(data.inputs().clone(), loss.targets(labels, classes)?)
                }
                _ => Ok(data),
            }
        };
        let preprocessing = preprocessing.filter(|_| loss == Loss::usual(&task));
        Ok(Data {
            train: Rc::new(as_lost(train)?),
            test: Rc::new(as_lost(test)?),
            task,
            target,
            loss,
            features,
            axes,
            image,
            preprocessing,
            values,
            notes,
        })
    }

    /// The number of inputs.
    pub(crate) fn width(&self) -> usize {
        self.features.len()
    }

    /// The class, or the number, that each row of targets says.
    pub(crate) fn answers(&self, targets: &Tensor) -> Vec<f64> {
        let all = targets.to_f64_vec();
        match (&self.task, self.loss) {
            (Task::Classes(_), Loss::Logistic | Loss::Hinge) => {
                all.iter().map(|&side| f64::from(side > 0.0)).collect()
            }
            (Task::Classes(names), Loss::Squares) => all
                .chunks(names.len())
                .map(|row| row.iter().position(|&hot| hot == 1.0).unwrap_or(0) as f64)
                .collect(),
            _ => all,
        }
    }
}

/// Points of the plane.
fn of_points(settings: &Settings) -> Result<Rows> {
    let Settings { samples: n, noise, seed, test, .. } = *settings;
    let classes =
        |names: &[&str]| Task::Classes(names.iter().map(|name| name.to_string()).collect());
    let (all, task) = match settings.data {
        Source::Circles => (data::circles(n, noise, seed)?, classes(&["0", "1"])),
        Source::Spiral => (data::spiral(n, noise, seed)?, classes(&["0", "1"])),
        Source::Xor => (data::xor(n, noise, seed)?, classes(&["0", "1"])),
        Source::Blobs => (data::blobs(n, noise, seed)?, classes(&["0", "1", "2"])),
        Source::Drawn => {
            let points = drawn::read(&settings.points)?;
            let count = points.iter().map(|(_, class)| class + 1).max().unwrap_or(0);
            let names: Vec<String> = (0..count).map(|class| class.to_string()).collect();
            let flat = points.iter().flat_map(|(at, _)| at.map(|own| own as f32)).collect();
            let inputs = Tensor::from_vec(flat, [points.len(), 2])?;
            let labels = points.iter().map(|(_, class)| *class).collect();
            let labels = Tensor::from_vec(labels, points.len())?;
            let all = Dataset::new(inputs, labels)?.with_classes(names.clone())?;
            (all, Task::Classes(names))
        }
        Source::Formula => {
            let formula = Formula::read(&settings.formula)?;
            let points = formula.points(n, noise, seed)?;
            let width = if formula.uses_y() { 2 } else { 1 };
            let flat = points.iter().flat_map(|(at, _)| at[..width].iter().map(|own| *own as f32));
            let inputs = Tensor::from_vec(flat.collect(), [n, width])?;
            match formula {
                Formula::Above(..) => {
                    let labels = points.iter().map(|(_, class)| *class as i64).collect();
                    let all = Dataset::new(inputs, Tensor::from_vec(labels, n)?)?;
                    (all.with_classes(["false", "true"])?, classes(&["false", "true"]))
                }
                Formula::Value(_) => {
                    let values = points.iter().map(|(_, value)| *value as f32).collect();
                    let all = Dataset::new(inputs, Tensor::from_vec(values, [n, 1])?)?;
                    (all, Task::Number(settings.formula.clone()))
                }
            }
        }
        _ => (data::moons(n, noise, seed)?, classes(&["0", "1"])),
    };
    let width = all.inputs().shape()[1];
    let features: Vec<String> = ["x", "y"][..width].iter().map(|name| name.to_string()).collect();
    let all = all.with_features(features.clone())?;
    let preprocessing = match task {
        Task::Classes(_) => Some(Preprocessing::fixed(&all, "class", 0.0, 1.0)?),
        Task::Number(_) => None,
    };
    let split = all.split(0.0, test, seed)?;
    let target = "class".into();
    Ok(Rows { split, task, target, features, image: None, preprocessing, notes: vec![] })
}

fn from_table(settings: &Settings, table: Option<&[u8]>) -> Result<Rows> {
    let bytes = table.ok_or_else(|| {
        Error::new(Kind::Data, "data=csv: there is no table yet")
            .hint("choose a file or drop it on the page; an address cannot carry one")
    })?;
    let table = Table::from_csv(bytes, "the table", &CsvOptions::default())?;
    let named = table.target().or(table.columns().last()).map(|column| column.name());
    let target = match settings.target.as_str() {
        "" => named.unwrap_or_default().to_string(),
        name => table.column(name)?.name().to_string(),
    };
    let options = PreprocessOptions::default();
    let fractions = Fractions { validation: 0.0, test: settings.test };
    let rows = table.split_rows(&target, &options, fractions, settings.seed)?;
    let preprocessing = Preprocessing::fit(&table, &target, &rows.train, &options)?;
    let all = preprocessing.dataset(&table)?;
    let task = match preprocessing.target() {
        Target::Classes { classes, .. } => Task::Classes(classes.names().to_vec()),
        _ => Task::Number(target.clone()),
    };
    let notes = table.notes().iter().chain(preprocessing.notes()).cloned().collect();
    Ok(Rows {
        split: all.split_rows(&rows)?,
        task,
        target,
        features: preprocessing.feature_names(),
        image: None,
        preprocessing: Some(preprocessing),
        notes,
    })
}

/// The inputs that are looked at, with some room around the points.
fn axes(
    settings: &Settings,
    features: &[String],
    parts: &[&Dataset],
    preprocessing: Option<&Preprocessing>,
    image: Option<[usize; 2]>,
) -> Result<[Axis; 2]> {
    let width = features.len();
    let mut inputs = match image {
        // Two pixels of the middle.
        Some([height, width]) => [height / 2 * width + 2, height / 2 * width + 5],
        None => [0, 1.min(width - 1)],
    };
    if !settings.look.is_empty() {
        for (place, name) in settings.look.split(',').take(2).enumerate() {
            inputs[place] =
                features.iter().position(|own| own == name.trim()).ok_or_else(|| {
                    let error =
                        Error::new(Kind::Value, format!("look: there is no input {name:?}"));
                    error.hint(format!("there are {}", features.join(", ")))
                })?;
        }
    }
    let mut axes = inputs.map(|input| {
        let values = parts.iter().flat_map(|part| {
            let rows = part.inputs().as_slice::<f32>().unwrap_or_default();
            rows.iter().skip(input).step_by(width).map(|value| f64::from(*value))
        });
        let (least, most) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), v| {
            (v.min(least), v.max(most))
        });
        let room = 0.08 * (most - least).max(1e-3);
        let mut at = 0;
        let of = preprocessing.and_then(|own| {
            own.features().iter().find(|feature| {
                at += feature.width();
                at > input
            })
        });
        let (mean, scale) = match of {
            Some(Feature::Number { mean, scale, .. }) => (*mean, *scale),
            _ => (0.0, 1.0),
        };
        Axis { input, from: least - room, to: most + room, mean, scale }
    });
    if settings.data == Source::Drawn {
        for axis in &mut axes {
            (axis.from, axis.to) = (-1.08, 1.08);
        }
    }
    // Points of the plane are not stretched.
    if width == 2 && settings.data != Source::Csv {
        let span = axes.iter().map(|axis| axis.to - axis.from).fold(0.0, f64::max);
        for axis in &mut axes {
            let middle = 0.5 * (axis.from + axis.to);
            (axis.from, axis.to) = (middle - 0.5 * span, middle + 0.5 * span);
        }
    }
    Ok(axes)
}
