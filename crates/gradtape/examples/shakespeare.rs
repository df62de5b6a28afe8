//! The record `shakespeare`: a model of letters until its loss on held-out text is at most 1.88:
//! `cargo run --release -p gradtape --example shakespeare -- FILE [SEED]`
use gradtape::data::Vocabulary;
use gradtape::loss::cross_entropy;
use gradtape::nn::{CausalTransformer, CausalTransformerOptions};
use gradtape::optim::{Group, Muon, Optimizer, Schedule};
use gradtape::{Error, Kind, Result, Rng, Tensor, Var, compile, eval, plan};

/// What a run came to: the loss on held-out text in nats a letter, its steps, their floating-point operations.
#[allow(missing_docs, reason = "said above")]
pub struct Run {
    pub score: f64,
    pub steps: u64,
    pub operations: f64,
}

const CONTEXT: usize = 64;
const STEPS: u64 = 800;
const RATE: f64 = 4e-3;

/// Trains on nine tenths of a text, until what is left is told well enough.
pub fn run(file: &std::path::Path, seed: u64) -> Result<Run> {
    let name = file.display();
    let refused = |kind, why: &str| Error::new(kind, format!("{name}: {why}"));
    let text = std::fs::read_to_string(file).map_err(|e| refused(Kind::File, &e.to_string()))?;
    let letters = Vocabulary::characters(&text);
    let all = letters.encode(&text)?;
    let (train, held_out) = all.split_at(all.len() * 9 / 10);
    if held_out.len() <= CONTEXT {
        return Err(refused(Kind::Data, "650 letters or more are needed"));
    }
    let rng = &mut Rng::new(seed);
    let mut options = CausalTransformerOptions::gpt(4, 128);
    (options.places, options.tied) = (CONTEXT, false);
    options.stack.layer.dropout = 0.0;
    let net = CausalTransformer::with(letters.len(), 128, 4, options, rng)?;
    // Tables of letters and places are no matrices that map something.
    let table = |name: &str, _: &_| !name.starts_with("encoder");
    let muon = Muon::new(&net, RATE).weight_decay(0.0).match_rms_adamw(true);
    let muon = muon.group(Group::when(table).set("orthogonalize", false));
    let schedule = Schedule::by_name("one_cycle:pct_start=0.1", RATE, STEPS)?;
    let first = batch(train, rng)?;
    let graph = eval::trace(|tape| step(&net, Some(&muon), &first.map(|x| tape.constant(x))))?.0;
    let operations = plan::plan(&graph).operations();
    let mut learn = compile(|_, v| step(&net, Some(&muon), v));
    let mut look = compile(|_, v| step(&net, None, v)).inference();
    let (mut score, mut steps) = (f64::INFINITY, 0);
    while score > 1.88 && steps < STEPS {
        muon.set_learning_rate(schedule.rate(RATE, steps))?;
        learn.call(&batch(train, rng)?)?;
        steps += 1;
        if steps.is_multiple_of(50) {
            let mut same = Rng::new(0);
            let mut each = || look.call(&batch(held_out, &mut same)?)?[0].item();
            score = (0..20).map(|_| each()).sum::<Result<f64>>()? / 20.0;
        }
    }
    Ok(Run { score, steps, operations: operations * steps as f64 })
}

fn step<'t>(net: &CausalTransformer, by: Option<&Muon>, v: &[Var<'t>]) -> Result<Vec<Var<'t>>> {
    let loss = cross_entropy(net.forward(v[0]), v[1]);
    by.map_or(Ok(()), |muon| muon.step(loss)).map(|()| vec![loss])
}

fn batch(text: &[i64], rng: &mut Rng) -> Result<[Tensor; 2]> {
    let starts = [(); 12].map(|()| rng.below(text.len() - CONTEXT));
    let part = |from: usize| starts.iter().flat_map(move |at| &text[at + from..][..CONTEXT]);
    let [x, y] = [0, 1].map(|from| part(from).copied().collect::<Vec<i64>>());
    Ok([Tensor::from_vec(x, [12, CONTEXT])?, Tensor::from_vec(y, [12, CONTEXT])?])
}

#[allow(dead_code, reason = "`gradtape record` calls run() alone")]
fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().chain(["input.txt".into()]).collect();
    let run = run(words[1].as_ref(), words.get(2).and_then(|w| w.parse().ok()).unwrap_or(1))?;
    println!("a loss of {:.3} after {} steps", run.score, run.steps);
    Ok(())
}
