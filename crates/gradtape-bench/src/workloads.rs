//! What is measured. Data is random and seeded, made before the clock starts, and reused.

use gradtape::data::{self, CsvOptions, PreprocessOptions, Preprocessing, Table};
use gradtape::loss::{cross_entropy, mse};
use gradtape::nn::{Dropout, Linear, Module};
use gradtape::optim::{Adam, Optimizer, Sgd};
use gradtape::soft::soft_rank;
use gradtape::{
    DType, Error, Kind, Parameter, Result, Rng, Tape, Tensor, Var, compile, gradient, hessian,
};

use gradtape_calculus::{Column, Expr, Symbolic};
use serde_json::Value;

use crate::measure::{Samples, measure};
use crate::{layers, networks};

/// A workload by name; it is told whether to compile its step or to record it each time.
type Workload = fn(bool) -> Result<Samples>;

/// Every workload that is timed inside this process.
pub(crate) const ALL: &[(&str, Workload)] = &[
    ("scalar-graph", scalar_graph),
    ("mlp-tiny", |compiled| classifier(&[64, 32, 10], 32, 0.0, compiled)),
    ("mlp-mnist", |compiled| classifier(&[784, 1000, 1000, 10], 128, 0.5, compiled)),
    ("mlp-mnist-nodrop", |compiled| classifier(&[784, 1000, 1000, 10], 128, 0.0, compiled)),
    ("mlp-wide", mlp_wide),
    ("elementwise", elementwise),
    ("infer-b1", infer_b1),
    ("lenet", networks::lenet),
    ("attention", networks::attention),
    ("hessian", second_derivatives),
    ("conv", networks::conv),
    ("resnet8", layers::resnet8),
    ("lstm", layers::lstm),
    ("gpt", layers::gpt),
    ("norms", layers::norms),
    ("softrank", softrank),
    ("fit", |_| fit()),
    ("explain", |_| explain("(a+b)*(b+1)", &[("a", 2.0), ("b", 1.0)], 6)),
    ("explain-long", |_| explain(&long_sum(), &[("x", 0.1)], 9_996)),
];

/// A ReLU perceptron with dropout after each hidden layer.
#[derive(Module)]
struct Mlp {
    layers: Vec<Linear>,
    dropout: Option<Dropout>,
}

impl Mlp {
    fn new(sizes: &[usize], dropout: f64, rng: &mut Rng) -> Mlp {
        let layers = sizes.windows(2).map(|pair| Linear::new(pair[0], pair[1], rng)).collect();
        let dropout = (dropout > 0.0).then(|| Dropout::new(dropout, rng));
        Mlp { layers, dropout }
    }

    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let last = self.layers.len() - 1;
        self.layers.iter().enumerate().fold(x, |x, (i, layer)| {
            let x = layer.forward(x);
            match &self.dropout {
                _ if i == last => x,
                Some(dropout) => dropout.forward(x.relu()),
                None => x.relu(),
            }
        })
    }
}

pub(crate) fn normal(shape: impl Into<gradtape::Shape>, rng: &mut Rng) -> Result<Tensor> {
    Tensor::normal(shape, 0.0, 1.0, DType::F32, rng)
}

fn scalar_graph(compiled: bool) -> Result<Samples> {
    let (a, b) = (Parameter::new(Tensor::scalar(2.0f32)), Parameter::new(Tensor::scalar(1.0f32)));
    fn graph<'t>(a: Var<'t>, b: Var<'t>) -> [Var<'t>; 3] {
        let e = (a + b) * (b + 1.0);
        let [da, db] = gradient(e, [a, b]);
        [e, da, db]
    }
    if compiled {
        let mut step =
            compile(|tape, _| Ok(graph(tape.parameter(&a), tape.parameter(&b)).to_vec()));
        let mut results = Vec::new();
        return measure(|| step.call_into(&[], &mut results));
    }
    let mut tape = Tape::new();
    measure(|| {
        tape.reset();
        let results = graph(tape.parameter(&a), tape.parameter(&b));
        gradtape::evaluate(&results)?;
        results.iter().try_for_each(|var| var.item().map(drop))
    })
}

fn classifier(sizes: &[usize], batch: usize, dropout: f64, compiled: bool) -> Result<Samples> {
    let mut rng = Rng::new(0);
    let x = normal([batch, sizes[0]], &mut rng)?;
    let labels: Vec<i64> = (0..batch).map(|_| rng.below(10) as i64).collect();
    let y = Tensor::from_vec(labels, [batch])?;
    let model = Mlp::new(sizes, dropout, &mut rng);
    let optimizer = Adam::new(&model, 1e-3);
    train(&[x, y], compiled, |x, y| {
        let loss = cross_entropy(model.forward(x), y);
        optimizer.step(loss)?;
        Ok(loss)
    })
}

fn mlp_wide(compiled: bool) -> Result<Samples> {
    let mut rng = Rng::new(0);
    let (x, y) = (normal([512, 1024], &mut rng)?, normal([512, 1024], &mut rng)?);
    let model = Mlp::new(&[1024, 4096, 4096, 1024], 0.0, &mut rng);
    let optimizer = Sgd::new(&model, 0.01).momentum(0.9);
    train(&[x, y], compiled, |x, y| {
        let loss = mse(model.forward(x), y);
        optimizer.step(loss)?;
        Ok(loss)
    })
}

/// Measures a step that ends in an optimiser's update; the loss is read each time.
pub(crate) fn train(
    data: &[Tensor; 2],
    compiled: bool,
    mut step: impl for<'t> FnMut(Var<'t>, Var<'t>) -> Result<Var<'t>>,
) -> Result<Samples> {
    if compiled {
        let mut compiled = compile(|_, inputs| Ok(vec![step(inputs[0], inputs[1])?]));
        let mut results = Vec::new();
        return measure(|| {
            compiled.call_into(data, &mut results)?;
            results[0].item().map(drop)
        });
    }
    let mut tape = Tape::new();
    measure(|| {
        tape.reset();
        let loss = step(tape.constant(data[0].clone()), tape.constant(data[1].clone()))?;
        loss.item().map(drop)
    })
}

fn elementwise(compiled: bool) -> Result<Samples> {
    const LEN: usize = 1 << 22;
    let mut rng = Rng::new(0);
    let inputs = [normal([LEN], &mut rng)?, normal([LEN], &mut rng)?, normal([LEN], &mut rng)?];
    fn graph<'t>(x: Var<'t>, w: Var<'t>, b: Var<'t>) -> [Var<'t>; 3] {
        let y = ((x * w + b).tanh().square() * x.sigmoid()).mean(());
        let [dw, db] = gradient(y, [w, b]);
        [y, dw, db]
    }
    if compiled {
        let mut step = compile(|_, v| Ok(graph(v[0], v[1], v[2]).to_vec()));
        let mut results = Vec::new();
        return measure(|| step.call_into(&inputs, &mut results));
    }
    let mut tape = Tape::new();
    measure(|| {
        tape.reset();
        let x = tape.constant(inputs[0].clone());
        gradtape::evaluate(&graph(x, tape.watch(inputs[1].clone()), tape.watch(inputs[2].clone())))
    })
}

/// The Hessian of `Σ tanh(A x)²` by 64 variables.
fn second_derivatives(compiled: bool) -> Result<Samples> {
    const LEN: usize = 64;
    let mut rng = Rng::new(0);
    let inputs = [normal([LEN, LEN], &mut rng)?, normal([LEN], &mut rng)?];
    fn graph<'t>(a: Var<'t>, x: Var<'t>) -> Var<'t> {
        hessian(a.matmul(x).tanh().square().sum(()), x)
    }
    if compiled {
        let mut step = compile(|_, v| Ok(vec![graph(v[0], v[1])]));
        let mut results = Vec::new();
        return measure(|| step.call_into(&inputs, &mut results));
    }
    let mut tape = Tape::new();
    measure(|| {
        tape.reset();
        let (a, x) = (tape.constant(inputs[0].clone()), tape.watch(inputs[1].clone()));
        graph(a, x).value().map(drop)
    })
}

/// The soft ranks of a million numbers with a strength of 1, and the gradient of their product with others.
fn softrank(compiled: bool) -> Result<Samples> {
    const LEN: usize = 1_000_000;
    let mut rng = Rng::new(0);
    let inputs = [normal([LEN], &mut rng)?, normal([LEN], &mut rng)?];
    fn graph<'t>(x: Var<'t>, cotangent: Var<'t>) -> [Var<'t>; 2] {
        let ranks = soft_rank(x, 1.0);
        let [dx] = gradient((ranks * cotangent).sum(()), [x]);
        [ranks, dx]
    }
    if compiled {
        let mut step = compile(|_, v| Ok(graph(v[0], v[1]).to_vec()));
        let mut results = Vec::new();
        return measure(|| step.call_into(&inputs, &mut results));
    }
    let mut tape = Tape::new();
    measure(|| {
        tape.reset();
        let cotangent = tape.constant(inputs[1].clone());
        gradtape::evaluate(&graph(tape.watch(inputs[0].clone()), cotangent))
    })
}

fn infer_b1(compiled: bool) -> Result<Samples> {
    let mut rng = Rng::new(0);
    let x = normal([1, 784], &mut rng)?;
    let model = Mlp::new(&[784, 512, 512, 10], 0.0, &mut rng);
    if compiled {
        let mut step = compile(|_, v| Ok(vec![model.forward(v[0])])).inference();
        let mut results = Vec::new();
        return measure(|| step.call_into(std::slice::from_ref(&x), &mut results));
    }
    let mut tape = Tape::inference();
    measure(|| {
        tape.reset();
        model.forward(tape.constant(x.clone())).value().map(drop)
    })
}

/// Fits NIST's Gauss1, the largest of the sets at hand with 250 rows and 8 parameters, from its first
/// start, the expression read from text each time.
fn fit() -> Result<Samples> {
    let sets = include_str!("../../gradtape-calculus/tests/data/nist_regression.json");
    let broken = |what: String| Error::new(Kind::Data, what);
    let sets: Value = serde_json::from_str(sets).map_err(|e| broken(e.to_string()))?;
    let sets = sets["cases"].as_array().into_iter().flatten();
    let set = sets.into_iter().find(|set| set["id"] == "Gauss1");
    let set = set.ok_or_else(|| broken("Gauss1 is missing".into()))?;
    let numbers = |values: &Value| -> Vec<f64> {
        values.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
    };
    let data: Vec<Column> = ["x", "y"]
        .map(|name| Column { name: name.into(), values: numbers(&set["data"][name]) })
        .into();
    let names = set["parameters"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let start: Vec<(&str, f64)> = names.zip(numbers(&set["start1"])).collect();
    let text = set["model"].as_str().unwrap_or_default();
    let wanted = set["certified_rss"].as_f64().unwrap_or_default();
    measure(|| {
        let found = Expr::parse(text)
            .and_then(|expr| gradtape_calculus::fit(&expr, &data, "y", &start))
            .map_err(|e| Error::new(Kind::Value, e.to_string()))?;
        let squares = found.residual_sum_of_squares.0;
        match (squares - wanted).abs() < 1e-9 * wanted {
            true => Ok(()),
            false => Err(broken(format!("{squares} is left of the squares, not {wanted}"))),
        }
    })
}

/// Explains an expression from text to text: both walks, the numeric and the symbolic derivative.
fn explain(text: &str, at: &[(&str, f64)], nodes: usize) -> Result<Samples> {
    let wrong = |e: gradtape_calculus::Error| Error::new(Kind::Value, e.to_string());
    let read = Expr::parse(text).map_err(wrong)?.nodes().len();
    if read != nodes {
        return Err(Error::new(
            Kind::Value,
            format!("the expression has {read} nodes, not {nodes}"),
        ));
    }
    measure(|| {
        let expr = Expr::parse(text).map_err(wrong)?;
        let found = gradtape_calculus::explain(&expr, at, Default::default()).map_err(wrong)?;
        let known = |symbolic: &Symbolic| matches!(symbolic, Symbolic::Found { .. });
        match found.symbolic.values().all(known) && !found.to_string().is_empty() {
            true => Ok(()),
            false => Err(Error::new(Kind::Value, "a symbolic derivative was refused")),
        }
    })
}

/// A sum of 1,666 terms, all different.
fn long_sum() -> String {
    let terms: Vec<String> = (1..=1_666).map(|i| format!("log(1 + x/{i})")).collect();
    terms.join(" + ")
}

/// Reads the digits, trains 64-64-10 for 20 epochs of batch 32 on 80 % of the rows, and gives the
/// accuracy on the others. The digits are a CSV file of rows already shuffled, or the embedded ones.
pub(crate) fn cold_start(digits: Option<&str>) -> Result<f64> {
    let dataset = match digits {
        Some(path) => {
            // The file has rows of numbers only.
            let options = CsvOptions { header: Some(false), ..CsvOptions::default() };
            let table = Table::read_csv_with(path, &options)?;
            let last = table.columns().last().map(|column| column.name().to_string());
            let target = last.ok_or_else(|| Error::new(Kind::Data, "the table has no column"))?;
            let rows: Vec<usize> = (0..table.len()).collect();
            let options = PreprocessOptions::default();
            Preprocessing::fit(&table, &target, &rows, &options)?.dataset(&table)?
        }
        None => data::digits().flatten(),
    };
    let rows: Vec<usize> = (0..dataset.len()).collect();
    let (train, test) = rows.split_at(dataset.len() * 4 / 5);
    let (train, test) = (dataset.rows(train)?, dataset.rows(test)?);
    let mut rng = Rng::new(0);
    // Of a table, columns that are the same in every row are left out.
    let width = train.inputs().shape()[1];
    let model = Mlp::new(&[width, 64, 10], 0.0, &mut rng);
    let optimizer = Adam::new(&model, 1e-3);
    let mut tape = Tape::new();
    let mut batches = train.batches(32)?.shuffled(0);
    for epoch in 0..20 {
        for batch in batches.epoch(epoch) {
            tape.reset();
            let loss = cross_entropy(model.forward(tape.constant(batch.x)), tape.constant(batch.y));
            optimizer.step(loss)?;
        }
    }
    let tape = Tape::inference();
    let outputs = model.forward(tape.constant(test.inputs().clone())).value()?;
    gradtape::metric::accuracy(&outputs, test.targets())
}
