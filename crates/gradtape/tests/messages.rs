//! What errors say: the user's line, the layer, and what each operand is.

use gradtape::loss::{cross_entropy, mse};
use gradtape::nn::{Dropout, Flatten, Layer, Linear, Module, Relu, Sequential, Softmax};
use gradtape::optim::{Adam, Optimizer, Sgd};
use gradtape::{
    Convolution, DType, Error, Kind, Mode, Parameter, Rng, Tape, Tensor, Var, compile, eval,
    evaluate, gradient,
};

/// The lines of an error, with `+n` for a place `n` lines below `base` in this file.
fn lines_of(error: &Error, base: u32) -> Vec<String> {
    let text = error.to_string();
    let here = format!("{}:", file!());
    let mut parts = text.split(&here);
    let mut plain = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let (line, rest) = part.split_once(':').unwrap();
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        plain += &format!("+{}{rest}", line.parse::<u32>().unwrap() - base);
    }
    plain.lines().map(|line| line.trim_start().to_string()).collect()
}

#[track_caller]
fn expect(error: Error, base: u32, expected: &[&str]) {
    assert_eq!(lines_of(&error, base), expected, "\n{error}");
}

fn rng() -> Rng {
    Rng::new(1)
}

fn zeros(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape, DType::F32)
}

fn linear(inputs: usize, outputs: usize) -> Linear {
    Linear::new(inputs, outputs, &mut rng())
}

/// A network of the user's with layers of every kind.
#[derive(Clone, Module)]
struct Net {
    encoder: Sequential,
    gate: Dropout,
    heads: Vec<Linear>,
    scale: Parameter,
}

impl Layer for Net {
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let y = self.gate.forward(self.encoder.forward(x));
        let scale = x.tape().parameter(&self.scale);
        self.heads.iter().fold(y, |y, head| head.forward(y)) * scale
    }
}

const NET: u32 = line!() - 8;

fn net(width: usize) -> Net {
    let inner = Sequential::new().add(linear(4, 3)).add(Softmax);
    Net {
        encoder: Sequential::new().add(Flatten).add(inner).add(Relu),
        gate: Dropout::new(0.0, &mut rng()),
        heads: vec![linear(3, 3), linear(width, 2)],
        scale: Parameter::new(Tensor::ones([2], DType::F32)),
    }
}

#[test]
fn operands_are_called_what_they_are() {
    let (tape, base) = (Tape::new(), line!());
    let (data, x) = (tape.constant([1.0, 2.0]), tape.watch([1.0, 2.0, 3.0]));
    let w = Parameter::new(Tensor::zeros([4], DType::F64));
    let sum = "sizes must be equal or 1, counted from the last axis";
    expect(
        (data + x).item().unwrap_err(),
        base,
        &[
            "add: shapes [2] and [3] do not broadcast: axis -1 has sizes 2 and 3",
            "at +5",
            "left operand: f64[2] = constant from +1",
            "right operand: f64[3] = watched from +1",
            &format!("hint: {sum}"),
        ],
    );
    let error = (x.sin() + tape.parameter(&w)).item().unwrap_err();
    let lines = lines_of(&error, base);
    assert_eq!(lines[2], "left operand: f64[3] = sin from +15");
    assert_eq!(lines[3], "right operand: f64[4] = parameter from +15");
    let lines = lines_of(&x.literal(2.5).matmul(x.literal(3.0)).item().unwrap_err(), base);
    assert!(lines.iter().any(|line| line.contains("= the number 2.5 from +19")), "{lines:?}");
    let _sgd = Sgd::new(&w, 0.1);
    let lines = lines_of(&(x + tape.parameter(&w)).item().unwrap_err(), base);
    assert_eq!(lines[3], "right operand: f64[4] = parameter from +15", "alone it has no name");
}

#[test]
fn what_a_loss_is_given_is_named_with_its_layer() {
    let base = line!();
    let tape = Tape::new();
    let net = Sequential::new().add(linear(4, 3));
    let logits = net.forward(tape.constant(zeros(&[5, 4])));
    let error = cross_entropy(logits, tape.constant(zeros(&[5]))).item().unwrap_err();
    expect(
        error,
        base,
        &[
            "cross_entropy: logits f32[5, 3] do not fit a target f32[5]",
            "at +4",
            "left operand: f32[5, 3] = add from +3, in layer 0 (Linear)",
            "right operand: f32[5] = constant from +4",
            "hint: give labels i64[5] or probabilities f32[5, 3]",
        ],
    );
}

/// An error of a network, for each way to call it, with the line that is to be named.
fn all_ways(make: impl Fn() -> Sequential, x: &Tensor) -> Vec<(Error, u32)> {
    let tape = Tape::new();
    let x = || tape.constant(x);
    let (net, boxed): (Sequential, Box<dyn Layer>) = (make(), Box::new(make()));
    let list: Vec<Box<dyn Layer>> = vec![Box::new(make())];
    let mut found = vec![
        (net.forward(x()).item().unwrap_err(), line!()),
        (Layer::forward(&net, x()).item().unwrap_err(), line!()),
        (boxed.forward(x()).item().unwrap_err(), line!()),
    ];
    for layer in &list {
        found.push((layer.forward(x()).item().unwrap_err(), line!()));
    }
    // Here nobody knows the line of the call; that of the read is the next best.
    let plain: &dyn Layer = &net;
    found.push((plain.forward(x()).item().unwrap_err(), line!()));
    found.push((evaluate(&[plain.forward(x())]).unwrap_err(), line!()));
    let mut compiled = compile(|_, x| Ok(vec![plain.forward(x[0])]));
    found.push((compiled.call(&[x().value().unwrap()]).unwrap_err(), line!()));
    found
}

#[test]
fn every_way_to_call_a_layer_names_the_users_line() {
    for x in [zeros(&[2, 3]), Tensor::zeros([2, 4], DType::F64), Tensor::zeros([2, 4], DType::I64)]
    {
        for (error, line) in all_ways(|| Sequential::new().add(Relu).add(linear(4, 3)), &x) {
            let at = error.location().unwrap();
            assert_eq!((at.file(), at.line()), (file!(), line), "{error}");
            let named = ["in layer 1 (Linear)", "in layer 0 (Relu)"];
            assert!(named.iter().any(|layer| error.to_string().contains(layer)), "{error}");
            assert!(!error.to_string().contains("gradtape/src"), "{error}");
        }
    }
}

#[test]
fn layers_are_named_by_their_path_once_it_is_known() {
    let (tape, net) = (Tape::new(), net(4));
    let x = tape.constant(zeros(&[5, 4]));
    let hint = "hint: the last axis of the input must have the layer's width";
    let message = "linear: the layer takes 4 features in f32, but the input is f32[5, 3]";
    let weight = "right operand: f32[2, 4] = parameter";
    let left = "left operand: f32[5, 3] = add from +4, in layer";
    expect(
        net.forward(x).item().unwrap_err(),
        NET,
        &[
            message,
            "at +4",
            "in layer Linear",
            &format!("{left} Linear"),
            &format!("{weight} from +4"),
            hint,
        ],
    );
    let _adam = Adam::new(&net, 0.1);
    expect(
        net.forward(x).item().unwrap_err(),
        NET,
        &[
            message,
            "at +4",
            "in layer heads.1 (Linear)",
            &format!("{left} heads.0 (Linear)"),
            &format!("{weight} heads.1.weight from +4"),
            hint,
        ],
    );
    for (x, layer) in [
        (zeros(&[5, 3]), "in layer encoder.1.0 (Linear)"),
        (Tensor::zeros([5, 4], DType::F64), "in layer encoder.1.0 (Linear)"),
    ] {
        let lines = lines_of(&net.forward(tape.constant(x)).item().unwrap_err(), NET);
        assert_eq!(lines[1..3], ["at +2", layer], "{lines:?}");
    }
    // Layers without parameters have the place of their list.
    let relu = Sequential::new().add(linear(2, 2)).add(Flatten).add(Softmax);
    #[derive(Clone, Module)]
    struct Outer {
        tail: Sequential,
    }
    let outer = Outer { tail: relu };
    outer.named_parameters();
    let error =
        outer.tail.forward(tape.constant(zeros(&[2, 2])).cast(DType::F32)).item().unwrap_err();
    let lines = lines_of(&error, 0);
    assert!(lines.iter().any(|line| line.ends_with("in layer tail.2 (Softmax)")), "{error}");
}

#[test]
fn the_users_own_layers_keep_their_lines() {
    #[derive(Clone, Module)]
    struct Own(Linear);
    let base = line!();
    impl Layer for Own {
        fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
            self.0.forward(x).matmul(x)
        }
    }
    let net = Sequential::new().add(Relu).add(Own(linear(3, 2)));
    let tape = Tape::new();
    let error = net.forward(tape.constant(zeros(&[4, 3]))).item().unwrap_err();
    let lines = lines_of(&error, base);
    assert_eq!(lines[1..3], ["at +3", "in layer 1"], "{error}");
    assert_eq!(lines[3], "left operand: f32[4, 2] = add from +3, in layer 1 (Linear)");
    assert_eq!(lines[4], "right operand: f32[4, 3] = relu from +8, in layer 0 (Relu)");
}

#[test]
fn the_checked_mode_names_line_and_layer_forward_and_backward() {
    let net = net(3);
    let _adam = Adam::new(&net, 0.1);
    net.heads[1].weight.set(Tensor::full([2, 3], f64::INFINITY, DType::F32)).unwrap();
    let tape = Tape::new();
    tape.set_mode(Mode::Checked);
    let boxed: Box<dyn Layer> = Box::new(net);
    let error = boxed.forward(tape.constant(zeros(&[5, 4]))).value().unwrap_err();
    let lines = lines_of(&error, NET);
    assert!(lines[0].starts_with("transpose: the result f32[3, 2] has 6 of 6"), "{error}");
    assert_eq!(lines[1..3], ["at +4", "in layer heads.1 (Linear)"], "{error}");

    // 0 · ∞ on the way back through a layer that has an infinite slope at 0.
    #[derive(Clone, Module)]
    struct Root;
    let base = line!();
    impl Layer for Root {
        fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
            x.sqrt()
        }
    }
    let net = Sequential::new().add(Relu).add(Root);
    let x = tape.watch(zeros(&[2]));
    let [g] = gradient(net.forward(x).sum(()), [x]);
    let lines = lines_of(&g.value().unwrap_err(), base);
    assert_eq!(lines[1..3], ["at +3", "in layer 1"], "{lines:?}");

    let single: Box<dyn Layer> = Box::new(linear(2, 2));
    let (line, y) = (line!(), single.forward(tape.constant([[f32::NAN, 1.0]])));
    let lines = lines_of(&y.value().unwrap_err(), line);
    assert_eq!(lines[1..3], ["at +0", "in layer Linear"], "{lines:?}");
}

#[test]
fn a_spent_tape_names_the_line_of_the_layer_and_what_was_to_be_recorded() {
    let net = Sequential::new().add(Flatten).add(linear(4, 3));
    let sgd = Sgd::new(&net, 0.1);
    let tape = Tape::new();
    let x = tape.constant(zeros(&[5, 4]));
    let base = line!();
    sgd.step(net.forward(x).sum(())).unwrap();
    let hint = "hint: call tape.reset() or make a new Tape before recording the next step";
    let late = linear(4, 2);
    let boxed: Box<dyn Layer> = Box::new(Sequential::new().add(late));
    expect(
        boxed.forward(x).item().unwrap_err(),
        base,
        &[
            "parameter: the tape was used up by the optimiser step at +1",
            "at +6",
            "in layer 0 (Linear)",
            hint,
        ],
    );
    let error = Sequential::new().add(Softmax).forward(x).item().unwrap_err();
    let lines = lines_of(&error, base);
    assert!(lines[0].ends_with("the tape was used up by the optimiser step at +1"), "{error}");
    assert_eq!(lines[1..], ["at +15", "in layer 0 (Softmax)", hint], "{error}");
    let error = tape.constant(zeros(&[1])).item().unwrap_err();
    assert!(error.message().starts_with("constant: the tape was used up"), "{error}");
}

#[test]
fn a_parameter_that_changed_is_named() {
    let net = Sequential::new().add(linear(2, 2));
    let _sgd = Sgd::new(&net, 0.1);
    let tape = Tape::new();
    let (line, y) = (line!(), net.forward(tape.constant(zeros(&[1, 2]))));
    net.parameters()[0].set(zeros(&[2, 2])).unwrap();
    let error = y.value().unwrap_err();
    assert_eq!(error.kind(), Kind::Tape);
    let lines = lines_of(&error, line);
    assert!(lines[0].starts_with("the parameter 0.weight, f32[2, 2] was changed"), "{error}");
    assert_eq!(lines[1..3], ["at +0", "in layer 0 (Linear)"], "{error}");
}

#[test]
fn the_item_of_a_vector_names_the_line_and_the_value() {
    let tape = Tape::new();
    let x = tape.watch([1.0, 2.0]);
    let base = line!();
    let y = x.exp();
    expect(
        y.item().unwrap_err(),
        base,
        &[
            "item() needs one element, but the shape is [2]",
            "at +3",
            "operand: f64[2] = exp from +1",
            "hint: use sum(()), mean(()) or to_vec()",
        ],
    );
}

#[test]
fn f64_numbers_beside_f32_layers_are_told_how_to_be_written() {
    let tape = Tape::new();
    let x = tape.constant([[1.0, 2.0]]);
    let w = tape.constant(zeros(&[2, 2]));
    for y in [linear(2, 3).forward(x), x.matmul(w), x + w, mse(x, tape.constant(zeros(&[1, 2])))] {
        let text = y.value().unwrap_err().to_string();
        assert!(text.contains("f64") && text.contains("f32") && text.contains("cast("), "{text}");
    }
    for y in [linear(2, 3).forward(x), x.matmul(w), x + w, mse(x, w)] {
        let text = y.value().unwrap_err().to_string();
        assert!(
            text.contains("hint: numbers like 1.0 are f64 in Rust: write 1.0f32, or "),
            "{text}"
        );
    }
    assert!(linear(2, 3).forward(tape.constant([[1.0f32, 2.0]])).value().is_ok());
}

#[test]
fn element_types_that_differ_are_told_under_the_name_that_was_written() {
    let tape = Tape::new();
    let images = tape.constant(Tensor::ones([1, 1, 3, 3], DType::F32));
    let weight = tape.constant(Tensor::ones([1, 1, 2, 2], DType::F64));
    let (x, w) = (tape.constant([1.0f32, 2.0]), tape.constant([1.0, 2.0]));
    let i = tape.constant(Tensor::from([1i64, 2]));
    for (y, name) in [
        (images.convolve(weight, &Convolution::new()), "convolve"),
        (tape.einsum("i,i->", &[x, w]), "einsum"),
        (tape.einsum("i,j->ji", &[x, w]), "einsum"),
        (x.outer(w), "outer"),
        (x.tensordot(w, 1), "tensordot"),
        (x.greater(w), "greater"),
        (x.greater_equal(w), "greater_equal"),
        (x.not_equal(w), "not_equal"),
    ] {
        let text = y.value().unwrap_err().to_string();
        assert!(text.starts_with(&format!("{name}: element types differ: f32 and f64")), "{text}");
        let place = |operand: &str| text.find(&format!("{operand} operand: ")).unwrap();
        let (left, right) = (&text[place("left")..place("right")], &text[place("right")..]);
        assert!(left.contains("f32") && right.contains("f64"), "{text}");
        assert!(text.contains("messages.rs"), "{text}");
    }
    for (y, name) in [
        (tape.einsum("i,i->", &[i, i]), "einsum: needs floating-point numbers, not i64"),
        (i.outer(i), "outer: needs floating-point numbers, not i64"),
        (i.less(1).greater(i.less(2)), "greater: needs numbers"),
        (x.greater(tape.constant([1.0f32, 2.0, 3.0])), "greater: shapes [2] and [3]"),
    ] {
        let text = y.value().unwrap_err().to_string();
        assert!(text.starts_with(name), "{text}");
    }
    let text = tape.einsum("i,i,i->", &[x, x, w]).value().unwrap_err().to_string();
    assert!(text.starts_with("einsum: element types differ") && text.contains("operand 2: f64"));
}

#[test]
fn a_failing_index_inside_a_layer_names_line_and_layer() {
    #[derive(Clone, Module)]
    struct Lookup(Parameter);
    let base = line!();
    impl Layer for Lookup {
        fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
            x.tape().parameter(&self.0).index_select(0, x)
        }
    }
    let net = Sequential::new().add(Lookup(Parameter::new(zeros(&[3, 2])))).add(linear(2, 2));
    for mode in [Mode::Fused, Mode::Checked] {
        for index in [[1i64, 7], [5, 0]] {
            let tape = Tape::new();
            tape.set_mode(mode);
            let error = net.forward(tape.constant(index)).value().unwrap_err();
            let lines = lines_of(&error, base);
            assert_eq!(lines[1..3], ["at +3", "in layer 0"], "{error}");
        }
    }
}

#[test]
fn steps_that_repeat_name_the_layers_of_now() {
    let nets = [
        Sequential::new().add(linear(2, 2)).add(linear(2, 2)),
        Sequential::new().add(linear(2, 2)).add(Flatten).add(linear(2, 2)),
    ];
    let mut tape = Tape::new();
    tape.set_mode(Mode::Checked);
    for round in 0..3 {
        for (number, net) in nets.iter().enumerate() {
            tape.reset();
            let last = if number == 0 { "1" } else { "2" };
            let weight = &net.parameters()[2];
            weight
                .set(Tensor::full([2, 2], if round == 1 { f64::NAN } else { 1.0 }, DType::F32))
                .unwrap();
            let x = tape.watch(Tensor::ones([1, 2], DType::F32));
            let (line, y) = (line!(), net.forward(x));
            let [g] = gradient(y.sum(()), [x]);
            for read in [g.value(), y.value()] {
                if round != 1 {
                    assert!(read.is_ok());
                    continue;
                }
                let lines = lines_of(&read.unwrap_err(), line);
                let layer = format!("in layer {last} (Linear)");
                assert_eq!(lines[1..3], ["at +0", &layer], "{lines:?}");
            }
        }
    }
}

#[test]
fn steps_name_the_line_that_takes_them() {
    let net = linear(2, 2);
    let sgd = Sgd::new(&net, 0.1);
    let tape = Tape::new();
    let plain: &dyn Layer = &net;
    let loss = plain.forward(tape.constant(zeros(&[1, 3]))).sum(());
    let (error, line) = (sgd.step(loss).unwrap_err(), line!());
    assert_eq!(error.location().map(|at| at.line()), Some(line), "{error}");
    let (error, line) = (eval::step(&tape, &[loss]).unwrap_err(), line!());
    assert_eq!(error.location().map(|at| at.line()), Some(line), "{error}");
}

#[test]
fn a_clone_stands_under_no_path_of_the_original() {
    let nets = [Sequential::new().add(linear(2, 2)).add(linear(3, 3))];
    assert_eq!(nets.parameters().len(), 4);
    let copy = nets[0].clone();
    let tape = Tape::new();
    for (net, layer) in [(&nets[0], "in layer 0.1 (Linear)"), (&copy, "in layer 1 (Linear)")] {
        let text = net.forward(tape.constant(zeros(&[1, 2]))).value().unwrap_err().to_string();
        assert!(text.contains(layer), "{layer:?} is not in: {text}");
    }
}
