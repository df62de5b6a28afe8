//! The record `shakespeare`: a character model of 4 layers, 4 heads and width 128 until its loss on held-out text is
//! at most 1.88.
//!
//! ```text
//! cargo run --release -p gradtape --example shakespeare -- FILE [SEED]
//! ```

use std::path::Path;

use gradtape::loss::cross_entropy;
use gradtape::nn::{CausalTransformer, CausalTransformerOptions};
use gradtape::optim::{Group, Muon, Optimizer, Schedule};
use gradtape::{Error, Kind, Result, Rng, Tape, Tensor, Var, compile, eval, plan};

/// What a run came to.
pub struct Run {
    /// The loss on held-out text, in nats for each character.
    pub score: f64,
    /// How many steps were taken.
    pub steps: u64,
    /// Floating-point operations of all steps.
    pub operations: f64,
}

const BATCH: usize = 12;
const CONTEXT: usize = 64;
const WIDTH: usize = 128;
const STEPS: u64 = 800;
const RATE: f64 = 4e-3;

/// Trains on nine tenths of a text, until what is left is told well enough.
pub fn run(file: &Path, seed: u64) -> Result<Run> {
    let text = std::fs::read(file)
        .map_err(|error| Error::new(Kind::File, format!("{}: {error}", file.display())))?;
    let mut letters = text.clone();
    letters.sort_unstable();
    letters.dedup();
    let place = |letter| letters.binary_search(letter).map_or(0, |place| place as i64);
    let all: Vec<i64> = text.iter().map(place).collect();
    let (train, held_out) = all.split_at(all.len() * 9 / 10);
    if held_out.len() <= CONTEXT {
        let least = 10 * CONTEXT + 10;
        let message = format!("{}: {} letters are too few", file.display(), all.len());
        return Err(Error::new(Kind::Data, message).hint(format!("there must be {least} or more")));
    }

    let (rng, looks) = (&mut Rng::new(seed), 20);
    let mut options =
        CausalTransformerOptions { places: CONTEXT, tied: false, ..Default::default() };
    options.stack.layers = 4;
    options.stack.layer.feedforward = 4 * WIDTH;
    options.stack.layer.dropout = 0.0;
    let net = CausalTransformer::with(letters.len(), WIDTH, 4, options, rng)?;
    // Tables of letters and places are no matrices that map something.
    let table = |name: &str, _: &_| !name.starts_with("encoder");
    let muon = Muon::new(&net, RATE).weight_decay(0.0).match_rms_adamw(true);
    let muon = muon.group(Group::when(table).set("orthogonalize", false));
    let schedule = Schedule::by_name("one_cycle:pct_start=0.1", RATE, STEPS)?;

    let mut look = compile(|_, v| Ok(vec![loss_of(&net, v[0], v[1])])).inference();
    let mut run = Run { score: f64::INFINITY, steps: 0, operations: 0.0 };
    let (mut tape, mut of_a_step) = (Tape::new(), 0.0);
    while run.score > 1.88 && run.steps < STEPS {
        let [x, y] = batch(train, rng)?;
        if run.steps == 0 {
            let (graph, _) = eval::trace(|tape| {
                let loss = loss_of(&net, tape.constant(x.clone()), tape.constant(y.clone()));
                muon.step(loss).map(|()| vec![loss])
            })?;
            of_a_step = plan::plan(&graph).operations();
        }
        muon.set_learning_rate(schedule.rate(RATE, run.steps))?;
        tape.reset();
        muon.step(loss_of(&net, tape.constant(x), tape.constant(y)))?;
        run.steps += 1;
        if run.steps.is_multiple_of(50) {
            let mut same = Rng::new(0);
            let mut each = || look.call(&batch(held_out, &mut same)?)?[0].item();
            run.score = (0..looks).map(|_| each()).sum::<Result<f64>>()? / f64::from(looks);
        }
    }
    run.operations = run.steps as f64 * of_a_step;
    Ok(run)
}

fn loss_of<'t>(net: &CausalTransformer, x: Var<'t>, y: Var<'t>) -> Var<'t> {
    cross_entropy(net.forward(x), y)
}

/// Pieces of a text from anywhere, and what follows each of their letters.
fn batch(text: &[i64], rng: &mut Rng) -> Result<[Tensor; 2]> {
    let starts: Vec<usize> = (0..BATCH).map(|_| rng.below(text.len() - CONTEXT)).collect();
    let part = |later: usize| {
        let each = starts.iter().flat_map(|&start| &text[start + later..][..CONTEXT]);
        Tensor::from_vec(each.copied().collect::<Vec<i64>>(), [BATCH, CONTEXT])
    };
    Ok([part(0)?, part(1)?])
}

#[allow(dead_code, reason = "`gradtape record` calls run() alone")]
fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().collect();
    let file = words.get(1).map_or("input.txt", |word| word);
    let seed = words.get(2).and_then(|word| word.parse().ok()).unwrap_or(1);
    let run = run(Path::new(file), seed)?;
    println!("a loss of {:.3} after {} steps", run.score, run.steps);
    Ok(())
}
