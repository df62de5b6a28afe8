//! Memory: a step allocates nothing once its plan is cached, and many steps hold memory flat.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use gradtape::loss::mse;
use gradtape::nn::{BatchNorm1d, Linear, Sequential};
use gradtape::optim::{Optimizer, Sgd};
use gradtape::{
    Convolution, DType, Parameter, Result, Rng, Tape, Tensor, Var, compile, eval, evaluate,
    gradient, vjp,
};

/// Counts what this thread allocates and holds.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator unchanged; the counters are plain cells
// of this thread without destructors.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        HELD.set(HELD.get() + layout.size() as isize);
        MOST.set(MOST.get().max(HELD.get()));
        // SAFETY: the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.set(HELD.get() - layout.size() as isize);
        // SAFETY: the caller keeps `dealloc`'s contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

struct Regression {
    weight: Parameter,
    bias: Parameter,
    x: Tensor,
    y: Tensor,
}

impl Regression {
    fn new() -> Result<Regression> {
        let numbers = |n: usize| (0..n).map(|i| (i as f32 * 0.7).sin()).collect::<Vec<_>>();
        Ok(Regression {
            weight: Parameter::new(Tensor::from_vec(numbers(8 * 3), [8, 3])?),
            bias: Parameter::new(Tensor::from_vec(numbers(3), [3])?),
            x: Tensor::from_vec(numbers(16 * 8), [16, 8])?,
            y: Tensor::from_vec(numbers(16 * 3), [16, 3])?,
        })
    }

    fn loss<'t>(&self, tape: &'t Tape) -> Var<'t> {
        let (x, y) = (tape.constant(self.x.clone()), tape.constant(self.y.clone()));
        let prediction = x.matmul(tape.parameter(&self.weight)) + tape.parameter(&self.bias);
        let error = prediction - y;
        (error * error).mean(())
    }

    fn step<'t>(&self, tape: &'t Tape) -> Result<Var<'t>> {
        let loss = self.loss(tape);
        let (w, b) = (tape.parameter(&self.weight), tape.parameter(&self.bias));
        let [dw, db] = gradient(loss, [w, b]);
        tape.assign(&self.weight, w - dw * 0.01)?;
        tape.assign(&self.bias, b - db * 0.01)?;
        eval::step(tape, &[loss])?;
        Ok(loss)
    }
}

#[test]
fn a_recorded_step_allocates_nothing_once_its_plan_is_cached() -> Result<()> {
    let model = Regression::new()?;
    let mut tape = Tape::new();
    let mut step = || -> Result<f64> {
        tape.reset();
        model.step(&tape)?.item()
    };
    for _ in 0..5 {
        step()?;
    }
    let before = ALLOCATIONS.get();
    for _ in 0..100 {
        step()?;
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
    Ok(())
}

#[test]
fn a_compiled_step_allocates_nothing_once_it_is_planned() -> Result<()> {
    let model = Regression::new()?;
    assert_allocates_nothing(compile(|tape, _| Ok(vec![model.step(tape)?])))
}

fn assert_allocates_nothing<F>(mut step: eval::Compiled<F>) -> Result<()>
where
    F: for<'t> FnMut(&'t Tape, &[Var<'t>]) -> Result<Vec<Var<'t>>>,
{
    let mut results = Vec::new();
    for _ in 0..5 {
        step.call_into(&[], &mut results)?;
    }
    let before = ALLOCATIONS.get();
    for _ in 0..100 {
        step.call_into(&[], &mut results)?;
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
    Ok(())
}

/// Looking up rows of a table and adding gradients to them, padding, running sums, whole numbers.
#[test]
fn a_step_that_picks_and_places_allocates_nothing_once_it_is_planned() -> Result<()> {
    let numbers = (0..40 * 6).map(|i| (i as f32 * 0.7).sin()).collect::<Vec<_>>();
    let table = Parameter::new(Tensor::from_vec(numbers, [40, 6])?);
    let words = Tensor::from_vec((0..12).map(|i| i * 7 % 39).collect::<Vec<i64>>(), [12])?;
    let columns = Tensor::from_vec((0..24).map(|i| i % 6).collect::<Vec<i64>>(), [12, 2])?;
    let step = compile(|tape, _| {
        let (words, columns) = (tape.constant(words.clone()), tape.constant(columns.clone()));
        let t = tape.parameter(&table);
        let rows = t.index_select(0, words + words.full_like(1.0));
        let padded = rows.pad(1, 1, 2).cumsum(1);
        let best = padded.argmax(1).cast(gradtape::DType::F32);
        let loss = (padded * padded).mean(()) + rows.gather(1, columns).sum(()) + best.sum(());
        let [dt] = gradient(loss, [t]);
        tape.assign(&table, t - dt * 0.01)?;
        eval::step(tape, &[loss])?;
        Ok(vec![loss])
    });
    assert_allocates_nothing(step)
}

/// More operands and more axes than lists of a few hold in place.
#[test]
fn a_step_of_many_operands_and_axes_allocates_nothing_once_it_is_planned() -> Result<()> {
    let whole = Tensor::from_vec((0..64).collect::<Vec<i64>>(), [2; 6])?;
    let step = compile(move |tape, _| {
        let x = tape.constant(whole.clone());
        let joined = tape.concat(&[x.transpose(&[5, 3, 4, 1, 2, 0]); 20], 0);
        let picked = joined.gather(3, joined.equal(7.0).cast(gradtape::DType::I64));
        Ok(vec![(picked * joined.cumsum(2)).sum([1, 3]).max(())])
    });
    assert_allocates_nothing(step)
}

#[test]
fn a_step_that_keeps_running_statistics_allocates_nothing_once_it_is_planned() -> Result<()> {
    let Regression { x, y, .. } = Regression::new()?;
    let rng = &mut Rng::new(1);
    let net = Sequential::new().add(Linear::new(8, 3, rng)).add(BatchNorm1d::new(3));
    let opt = Sgd::new(&net, 0.01);
    let loss = |tape: &Tape| -> Result<()> {
        let loss = mse(net.forward(tape.constant(&x)), tape.constant(&y));
        opt.step(loss)?;
        Ok(())
    };
    let mut tape = Tape::new();
    let mut step = || {
        tape.reset();
        loss(&tape)
    };
    for _ in 0..5 {
        step()?;
    }
    let before = ALLOCATIONS.get();
    for _ in 0..100 {
        step()?;
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert_allocates_nothing(compile(|tape, _| {
        loss(tape)?;
        Ok(vec![])
    }))
}

#[test]
fn a_hundred_thousand_steps_hold_memory_flat() -> Result<()> {
    let model = Regression::new()?;
    let mut tape = Tape::new();
    let mut running = 0.0;
    let mut held = 0;
    for step in 0..100_000 {
        tape.reset();
        running += model.step(&tape)?.item()?;
        if step == 100 {
            held = HELD.get();
        }
    }
    assert!(running.is_finite());
    assert_eq!(HELD.get(), held);
    Ok(())
}

#[test]
fn a_validation_loop_that_sums_losses_holds_memory_flat() -> Result<()> {
    let model = Regression::new()?;
    let mut held = 0;
    let mut sum = 0.0;
    for step in 0..2_000 {
        let tape = Tape::inference();
        sum += model.loss(&tape).item()?;
        drop(tape);
        if step == 100 {
            held = HELD.get();
        }
    }
    assert!(sum.is_finite());
    assert_eq!(HELD.get(), held);
    Ok(())
}

#[test]
fn predictions_kept_in_a_vec_hold_no_more_than_themselves() -> Result<()> {
    let model = Regression::new()?;
    let mut tape = Tape::inference();
    let mut predict = || -> Result<Tensor> {
        tape.reset();
        let x = tape.constant(model.x.clone());
        (x.matmul(tape.parameter(&model.weight)) + tape.parameter(&model.bias)).value()
    };
    let mut kept = Vec::with_capacity(1_000);
    for _ in 0..10 {
        predict()?;
    }
    let before = HELD.get();
    for _ in 0..1_000 {
        kept.push(predict()?);
    }
    let each = (HELD.get() - before) as usize / kept.len();
    let numbers = 16 * 3 * size_of::<f32>();
    assert!(each < numbers + 256, "{each} bytes for each prediction of {numbers} bytes");
    Ok(())
}

/// The gradient of the images passes through one as large as all windows, which a read need not keep.
#[test]
fn gradients_that_are_read_keep_nothing_on_their_way() -> Result<()> {
    let images = Tensor::ones([4, 16, 32, 32], DType::F32);
    let weight = Tensor::ones([16, 16, 3, 3], DType::F32);
    let bytes = images.elements() * size_of::<f32>();
    let tape = Tape::new();
    let (x, w) = (tape.watch(images), tape.watch(weight));
    let y = x.convolve(w, &Convolution::new().padding(&[1]));
    let slopes = vjp(&[y], &[y], &[x, w]);
    let before = HELD.get();
    evaluate(&[y, slopes[0], slopes[1]])?;
    let kept = (HELD.get() - before) as usize;
    // The result as it is computed and as it is asked for, one gradient, and the program's own memory.
    assert!(kept < 8 * bytes, "{kept} bytes for images of {bytes}");
    Ok(())
}

#[test]
fn a_file_is_written_tensor_by_tensor() -> Result<()> {
    const ONE: usize = 1 << 20;
    let numbers = |i| Tensor::full([ONE / 4], f64::from(i), gradtape::DType::F32).to_vec::<f32>();
    let named = |i| Ok((format!("x{i}"), Tensor::from_vec(numbers(i)?, [ONE / 4])?));
    let tensors = (0..8).map(named).collect::<Result<Vec<_>>>()?;
    let path = std::env::temp_dir().join(format!("gradtape-memory-{}", std::process::id()));
    let before = HELD.get();
    MOST.set(before);
    gradtape::io::write_safetensors(&path, &tensors, &Default::default())?;
    let (took, length) = (MOST.get() - before, std::fs::metadata(&path).unwrap().len() as usize);
    std::fs::remove_file(&path).unwrap();
    assert!(length > 8 * ONE && took < 3 * ONE as isize, "{took} bytes for {length}");
    Ok(())
}
