//! A small transformer like GPT learns to sort: it is shown lines such as `3152>1235`, and then goes on from `3152>`.
//!
//! ```text
//! cargo run --release -p gradtape --example transformer
//! ```

use gradtape::data::{Vocabulary, windows};
use gradtape::nn::{CausalTransformer, CausalTransformerOptions, Module, Sampling};
use gradtape::optim::{Adam, Schedule};
use gradtape::train::{Every, Trainer};
use gradtape::{Result, Rng};

const DIGITS: usize = 4;
/// A line with its end.
const CONTEXT: usize = 2 * DIGITS + 2;

fn line(rng: &mut Rng) -> String {
    let mut digits: Vec<char> =
        (0..DIGITS).map(|_| ['1', '2', '3', '4', '5'][rng.below(5)]).collect();
    let drawn: String = digits.iter().collect();
    digits.sort_unstable();
    format!("{drawn}>{}\n", digits.into_iter().collect::<String>())
}

fn main() -> Result<()> {
    let rng = &mut Rng::new(42);
    // The line end first, so that every window begins with one.
    let text: String =
        std::iter::once("\n".to_string()).chain((0..1200).map(|_| line(rng))).collect();
    let vocabulary = Vocabulary::characters(&text);
    let data = windows(&vocabulary.encode(&text)?, CONTEXT)?;
    println!("{} lines of {} different characters", data.len(), vocabulary.len());

    let (layers, width, heads) = (2, 32, 2);
    let mut options = CausalTransformerOptions::gpt(layers, width);
    options.places = CONTEXT;
    options.stack.layer.dropout = 0.0;
    let net = CausalTransformer::with(vocabulary.len(), width, heads, options, rng)?;
    println!("{} parameters", net.parameter_count());

    let steps = 8 * data.len().div_ceil(40);
    let mut trainer = Trainer::new(&net, Adam::new(&net, 0.004))
        .epochs(8)
        .batch_size(40)
        .seed(42)
        .schedule(Schedule::by_name("cosine", 0.004, steps as u64)?, Every::Step)
        .on_epoch(|report| {
            if report.epoch % 2 == 0 {
                println!("epoch {}: {:.3} nats a character", report.epoch, report.train.loss);
            }
        });
    trainer.fit(&data, None)?;
    drop(trainer);

    let coldly = Sampling { temperature: 0.0, top_k: None };
    let mut right = 0;
    for number in 0..20 {
        let asked = line(rng);
        let (prompt, sorted) = asked.split_at(DIGITS + 1);
        let prompt = vocabulary.encode(&format!("\n{prompt}"))?;
        let next = net.continuation(&prompt, coldly, Rng::new(1))?.take(DIGITS);
        let answer = vocabulary.decode(&next.collect::<Result<Vec<i64>>>()?)?;
        right += usize::from(sorted.starts_with(&answer));
        if number < 3 {
            println!("{} -> {answer}", &asked[..DIGITS]);
        }
    }
    println!("sorted {right} of 20");
    Ok(())
}
