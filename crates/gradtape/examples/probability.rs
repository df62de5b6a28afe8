//! Probabilities from logits, and how far one distribution is from another: worked numbers.
//!
//! ```text
//! cargo run --release -p gradtape --example probability
//! ```

use gradtape::loss::{Reduction, bce_with_logits, cross_entropy, kl_div_with};
use gradtape::{Result, Tape, Var, gradient};

/// The numbers of a value with so many decimals.
fn show(var: Var<'_>, decimals: usize) -> Result<String> {
    let numbers = var.value()?.to_f64_vec();
    let words: Vec<String> = numbers.iter().map(|x| format!("{:.decimals$}", x + 0.0)).collect();
    Ok(words.join(" "))
}

fn main() -> Result<()> {
    let tape = Tape::new();

    println!("scores     softmax          divided by their sum");
    for scores in [[1.0, 2.0], [10.0, 20.0], [11.0, 12.0], [20.0, 30.0]] {
        let x = tape.constant(scores);
        let (soft, plain) = (x.softmax(-1), x / x.sum(()));
        println!("{:<9}  {}  {}", show(x, 0)?, show(soft, 5)?, show(plain, 5)?);
    }

    println!("\nlarge scores: 1000 1001 1002");
    let x = tape.constant([1000.0, 1001.0, 1002.0]);
    println!("exp(x) / sum exp(x)   {}", show(x.exp() / x.exp().sum(()), 5)?);
    println!("softmax(x)            {}", show(x.softmax(-1), 5)?);
    println!("log sum exp(x)        {}", show(x.exp().sum(()).log(), 5)?);
    println!("logsumexp(x)          {}", show(x.logsumexp(()), 5)?);

    println!("\ndistributions p = 0.1 0.2 0.7 and q = 0.3 0.3 0.4");
    let p = tape.watch([0.1, 0.2, 0.7]);
    let q = tape.watch([0.3, 0.3, 0.4]);
    let entropy = -(p * p.log()).sum(());
    let cross = -(p * q.log()).sum(());
    let divergence =
        |from: Var<'_>, to: Var<'_>| kl_div_with(to.log(), from, Reduction::Sum).item();
    println!("entropy of p          {}", show(entropy, 5)?);
    println!("cross entropy         {}", show(cross, 5)?);
    println!("KL of p from q        {:.5}", divergence(p, q)?);
    println!("cross - entropy       {}", show(cross - entropy, 5)?);
    println!("KL of q from p        {:.5}", divergence(q, p)?);
    let [by_q] = gradient(cross, [q]);
    println!("d cross / d q         {}", show(by_q, 5)?);
    println!("-p / q                {}", show(-p / q, 5)?);

    println!("\ncross entropy of logits 1 2 3 for the label 2");
    let logits = tape.watch([1.0, 2.0, 3.0]);
    let loss = cross_entropy(logits, tape.constant(2i64));
    let [slope] = gradient(loss, [logits]);
    let one_hot = tape.constant([0.0, 0.0, 1.0]);
    println!("loss                  {}", show(loss, 5)?);
    println!("d loss / d logits     {}", show(slope, 5)?);
    println!("softmax - one-hot     {}", show(logits.softmax(-1) - one_hot, 5)?);

    println!("\nlogit  target  sigmoid  naive loss    slope  our loss    slope");
    for (logit, target) in [(0.3, 1.0), (-2.0, 0.0), (40.0, 0.0), (-800.0, 1.0)] {
        let (x, t) = (tape.watch([logit]), tape.constant([target]));
        let s = x.sigmoid();
        let naive = -(t * s.log() + (1.0 - t) * (1.0 - s).log()).sum(());
        let ours = bce_with_logits(x, t);
        let [[naive_slope], [slope]] = [gradient(naive, [x]), gradient(ours, [x])];
        let columns = [(s, 7), (naive, 10), (naive_slope, 7), (ours, 8), (slope, 7)];
        print!("{logit:5}  {target:6}");
        for (number, width) in columns {
            print!("  {:>width$}", show(number, 4)?);
        }
        println!();
    }
    Ok(())
}
