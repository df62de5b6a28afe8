//! Small networks are as accurate as those of other libraries.
//!
//! The protocol, the data and the bounds are those of published baselines: every fifth row
//! is for test, no row for validation, weights and biases start uniform in ±1/√inputs. The bounds lie
//! well below the means that PyTorch and scikit-learn reach.

use gradtape::data::{
    Dataset, PreprocessOptions, Preprocessing, Rows, Split, Table, digits, iris_table,
};
use gradtape::nn::{Activation, Sequential};
use gradtape::optim::Adam;
use gradtape::train::{Trainer, evaluate};
use gradtape::{Rng, Tensor};

struct Baseline {
    split: Split,
    hidden: usize,
    rate: f64,
    batch: usize,
    epochs: usize,
    single: f64,
    mean: f64,
}

impl Baseline {
    fn accuracy(&self, seed: u64) -> f64 {
        let Baseline { split, hidden, .. } = self;
        let (inputs, classes) =
            (split.train.inputs().shape()[1], split.train.class_count().unwrap());
        let sizes = [inputs, *hidden, classes];
        let net = Sequential::mlp(&sizes, Activation::Relu, 0.0, &mut Rng::new(seed)).unwrap();
        let trainer = Trainer::new(&net, Adam::new(&net, self.rate));
        let mut trainer = trainer.epochs(self.epochs).batch_size(self.batch).seed(seed);
        trainer.fit(&split.train, None).unwrap();
        evaluate(&net, &split.test, 256).unwrap().accuracy.unwrap()
    }

    #[track_caller]
    fn check(&self) {
        let runs: Vec<f64> = (0..5).map(|seed| self.accuracy(seed)).collect();
        assert!(runs.iter().all(|accuracy| *accuracy >= self.single), "{runs:?}");
        let mean = runs.iter().sum::<f64>() / 5.0;
        println!("{runs:?}, mean {mean}");
        assert!(mean >= self.mean, "{mean} of {runs:?}");
    }
}

/// Standardised by the rows for training.
fn table(table: &Table, target: &str) -> Split {
    let rows = Rows::modulo(table.len(), 5, 4).unwrap();
    let options = PreprocessOptions::default();
    let prepared = Preprocessing::fit(table, target, &rows.train, &options).unwrap();
    prepared.dataset(table).unwrap().split_rows(&rows).unwrap()
}

fn file(name: &str) -> Split {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/");
    table(&Table::read_csv(format!("{folder}{name}")).unwrap(), "label")
}

/// What `gradtape train` does by default, but for the rows: 32 hidden units, Adam at 0.01, batches of
/// 32, 30 epochs.
#[test]
fn digits_are_read() {
    let split = digits().flatten().split_modulo(5, 4).unwrap();
    let (hidden, rate, batch, epochs) = (32, 0.01, 32, 30);
    let (single, mean) = (0.9426, 0.9521);
    Baseline { split, hidden, rate, batch, epochs, single, mean }.check();
}

#[test]
fn irises_are_told_apart() {
    let (split, hidden, rate) = (table(&iris_table(), "species"), 16, 0.01);
    let (batch, epochs, single, mean) = (16, 60, 0.8348, 0.8743);
    Baseline { split, hidden, rate, batch, epochs, single, mean }.check();
}

#[test]
fn wines_are_told_apart() {
    let (split, hidden, rate) = (file("wine.csv"), 16, 0.01);
    let (batch, epochs, single, mean) = (16, 40, 0.9143, 0.9429);
    Baseline { split, hidden, rate, batch, epochs, single, mean }.check();
}

#[test]
fn tumours_are_told_apart() {
    let (split, hidden, rate) = (file("breast_cancer.csv"), 16, 0.005);
    let (batch, epochs, single, mean) = (32, 30, 0.9823, 0.9912);
    Baseline { split, hidden, rate, batch, epochs, single, mean }.check();
}

/// What a network that learned nothing of the inputs reaches: far below the bounds.
#[test]
fn the_bounds_are_not_reached_by_chance() {
    let split = digits().flatten().split_modulo(5, 4).unwrap();
    let blank = |data: &Dataset| {
        data.with_inputs(Tensor::zeros(data.inputs().shape().clone(), data.inputs().dtype()))
            .unwrap()
    };
    let train = blank(&split.train);
    let split = Split { train, ..split };
    let (hidden, rate, batch, epochs) = (32, 0.01, 32, 3);
    let blind = Baseline { split, hidden, rate, batch, epochs, single: 0.0, mean: 0.0 };
    assert!(blind.accuracy(0) < 0.3);
}
