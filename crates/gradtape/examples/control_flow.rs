//! Ordinary control flow: the tape records what was done, so `if`, `while` and recursion just work.
//!
//! ```text
//! cargo run --release -p gradtape --example control_flow
//! ```

use gradtape::{Result, Tape, Var, gradient};

/// Halves a number until it is at most 5 in size.
fn halved(x: Var<'_>) -> Result<Var<'_>> {
    let mut y = x;
    // Reading a number computes what it needs and no more; recording goes on afterwards.
    while y.item()?.abs() > 5.0 {
        y /= 2.0;
    }
    Ok(y)
}

/// x to a whole power by repeated squaring.
fn power(x: Var<'_>, n: u32) -> Var<'_> {
    match n {
        0 => x.full_like(1.0),
        n if n % 2 == 1 => x * power(x, n - 1),
        n => power(x, n / 2).square(),
    }
}

fn main() -> Result<()> {
    for start in [3.0, 12.0, -100.0] {
        let tape = Tape::new();
        let x = tape.watch(start);
        let y = halved(x)?;
        let [slope] = gradient(y, [x]);
        println!("from {start}: {}, slope {}", y.item()?, slope.item()?);
    }

    let tape = Tape::new();
    let x = tape.watch(3.0);
    let y = power(x, 5);
    let [slope] = gradient(y, [x]);
    println!("3^5 = {}, slope {}", y.item()?, slope.item()?);
    Ok(())
}
