//! Training on examples that are read as they are needed.

use std::ops::Range;

use gradtape::data::{Dataset, RowSource, Stream, moons};
use gradtape::nn::{Activation, Module, Sequential};
use gradtape::optim::Adam;
use gradtape::train::{Checkpoints, Trainer};
use gradtape::{Result, Rng};

/// A dataset that is read.
struct Held(Dataset);

impl RowSource for Held {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn read(&self, rows: Range<usize>) -> Result<Dataset> {
        self.0.rows(&rows.collect::<Vec<_>>())
    }
}

#[test]
fn a_training_on_a_stream_learns_and_goes_on_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let data = moons(300, 0.1, 7).unwrap();
    let stream = Stream::new(Held(data.clone())).unwrap().block_rows(20).blocks_together(4);
    let train = |epochs: usize, steps: usize, keeps: bool, resumes: bool| {
        let net = Sequential::mlp(&[2, 16, 2], Activation::Tanh, 0.1, &mut Rng::new(3)).unwrap();
        let mut trainer = Trainer::new(&net, Adam::new(&net, 0.02)).epochs(epochs).steps(steps);
        if keeps {
            trainer =
                trainer.checkpoints(Checkpoints::new(folder.path()).every_steps(1).keep(1000));
        }
        if resumes {
            trainer = trainer.resume(folder.path()).unwrap();
        }
        let history = trainer.fit_stream(&stream, Some(&data)).unwrap();
        let values: Vec<Vec<f64>> =
            net.parameters().iter().map(|own| own.value().to_f64_vec()).collect();
        (history, values)
    };
    let whole = train(20, usize::MAX, false, false);
    let accuracy = whole.0.epochs.last().unwrap().validation.unwrap().accuracy.unwrap();
    assert!(accuracy > 0.9, "{accuracy}");
    // In the middle of an epoch.
    train(20, 34, true, false);
    assert_eq!(train(20, usize::MAX, false, true), whole);
    // Other rows are told, and so is another order.
    let net = Sequential::mlp(&[2, 16, 2], Activation::Tanh, 0.1, &mut Rng::new(3)).unwrap();
    let mut trainer = Trainer::new(&net, Adam::new(&net, 0.02)).resume(folder.path()).unwrap();
    let error = trainer.fit_stream(&stream.clone().blocks_together(5), Some(&data)).unwrap_err();
    assert!(error.to_string().contains("blocks: 4 of 20 rows together"), "{error}");
    // Fewer steps than were taken are told.
    let net = Sequential::mlp(&[2, 16, 2], Activation::Tanh, 0.1, &mut Rng::new(3)).unwrap();
    let trainer = Trainer::new(&net, Adam::new(&net, 0.02)).steps(2);
    let path = folder.path().join("step-34.checkpoint");
    let error = trainer.resume(path).unwrap().fit_stream(&stream, Some(&data)).unwrap_err();
    assert!(error.to_string().contains("after 34 batches"), "{error}");
    let net = Sequential::mlp(&[2, 16, 2], Activation::Tanh, 0.1, &mut Rng::new(3)).unwrap();
    let mut trainer = Trainer::new(&net, Adam::new(&net, 0.02)).resume(folder.path()).unwrap();
    let other = Stream::new(Held(moons(300, 0.1, 8).unwrap())).unwrap();
    let error = trainer.fit_stream(&other, Some(&data)).unwrap_err().to_string();
    assert!(error.contains("training data"), "{error}");
}
