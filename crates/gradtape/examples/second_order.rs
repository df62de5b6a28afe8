//! Derivatives of derivatives: a gradient is recorded like everything else, so it has a gradient too.
//!
//! ```text
//! cargo run --release -p gradtape --example second_order
//! ```

use gradtape::{Result, Tape, Var, gradient, hessian, jvp};

/// Rosenbrock's valley, whose lowest point is 0 at (1, 1).
fn valley(p: Var<'_>) -> Var<'_> {
    let (x, y) = (p.slice(0, 0..1), p.slice(0, 1..2));
    ((1.0 - x).square() + 100.0 * (y - x.square()).square()).sum(())
}

fn main() -> Result<()> {
    // One derivative after the other.
    let tape = Tape::new();
    let x = tape.watch(2.0);
    let mut f = x.powf(4.0);
    for name in ["f(2)", "f'(2)", "f''(2)", "f'''(2)", "f''''(2)"] {
        println!("{name} = {}", f.item()?);
        [f] = gradient(f, [x]);
    }

    // The Hessian of a function of two numbers, and its product with a direction, which costs no more
    // than two gradients however many numbers there are.
    let start = [-1.2, 1.0];
    let tape = Tape::new();
    let p = tape.watch(start);
    let [slope] = gradient(valley(p), [p]);
    let direction = tape.constant([1.0, 0.0]);
    println!("\nHessian\n{}", hessian(valley(p), p).value()?);
    println!("times (1, 0): {}", jvp(&[slope], &[p], &[direction])[0].value()?);

    // Newton's method: to the lowest point of the parabola that fits best.
    println!("\nNewton's method");
    let mut at = start;
    for step in 0..7 {
        let tape = Tape::new();
        let p = tape.watch(at);
        let value = valley(p);
        let [slope] = gradient(value, [p]);
        let h = hessian(value, p).value()?.to_vec::<f64>()?;
        let g = slope.value()?.to_vec::<f64>()?;
        println!("step {step}: ({:.4}, {:.4}), value {:.1e}", at[0], at[1], value.item()?);
        let determinant = h[0] * h[3] - h[1] * h[2];
        at[0] -= (h[3] * g[0] - h[1] * g[1]) / determinant;
        at[1] -= (h[0] * g[1] - h[2] * g[0]) / determinant;
    }
    Ok(())
}
