//! What may be moved to another thread and shared with others: everything public that is not said here
//! to stay with one.

use std::any::type_name;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use gradtape::io::Model;
use gradtape::nn::{Activation, Continuation, Linear, Module, Sequential};
use gradtape::optim::{Adam, Optimizer};
use gradtape::train::{Trainer, predict};
use gradtape::{DType, Result, Rng, Tape, Tensor, compile, data, loss};

/// The path of a type that is both.
fn shared<T: Send + Sync>() -> String {
    path_of(type_name::<T>())
}

/// The path of a type that may be moved, but is used by one thread at a time.
fn moved<T: Send>() -> String {
    path_of(type_name::<T>())
}

fn path_of(path: &str) -> String {
    path.split('<').next().unwrap_or(path).to_string()
}

macro_rules! names {
    ($check:ident: $($type:ty),* $(,)?) => { vec![$($check::<$type>()),*] };
}

/// What is `Send` and `Sync`.
fn both() -> Vec<String> {
    use gradtape::{data::*, engine::cpu, eval::*, io::*, loss::*, metric::*, nn::*, op::*};
    use gradtape::{optim::*, plan, soft::*, tape::*, tensor::*, train::*};
    let mut names = names![shared:
        // tensor
        Bf16, DType, Error, F16, Kind, Rng, Shape, Tensor,
        // op
        Bits, Broken, Cost, gradtape::op::scalar::Dual, Exact, Form<'static>, Meta, Method, NodeId, Numbers<'static>,
        NumbersMut<'static>, Op, OpInfo, Operands, PlaceAlong, Reduce, Sample<Op>,
        // tape
        Buffer, Convolution, Dial, Generator, Graph, GraphNode, Output, Parameter,
        // eval and engine
        Compiled<fn()>, Deviation, gradtape::engine::Engine, KernelProfile, LineProfile, Mode, Pass, Profile, Profiler, Report, Spent, TensorOperand<'static>, gradtape::engine::Slot<'static>, cpu::Abreast, cpu::Isa,
        // nn
        Activation, BagMode,
        Bidirectional, BidirectionalSpec, CausalTransformer, CausalTransformerOptions, CausalTransformerSpec, EmbeddingBag,
        EmbeddingBagSpec, Interpolation, LayerInfo, LpPool2d, LpPoolOptions<2>, LpPoolSpec<2>, Merge,
        Parallel, ParallelSpec, SwiGlu, SwiGluOptions, SwiGluSpec, TransformerDecoder, TransformerEncoder,
        TransformerStackOptions, TransformerStackSpec, Upsample, AttentionOptions, AttentionSpec, AvgPool2d,
        AvgPoolOptions<2>, AvgPoolSpec<2>, BatchNorm1d, BatchNormOptions, BatchNormSpec<1>, Blueprint, Celu, Conv2d,
        ConvOptions<2>, ConvSpec<2>, ConvTranspose2d, ConvTransposeOptions<2>, ConvTransposeSpec<2>, Dropout,
        Dropout2d, DropoutChannelsSpec<2>, DropoutSpec, Elu, EmbedColumns, EmbedColumnsSpec, EmbeddedColumns, Embedding, EmbeddingOptions, EmbeddingSpec, Flatten,
        Gelu, Glu, GroupNorm, GroupNormSpec, GruCell, Hardsigmoid, Hardswish, Hardtanh, Init, InstanceNorm2d,
        InstanceNormSpec<2>, LayerNorm, LayerNormOptions, LayerNormSpec, LayerSpec, LeakyRelu, Linear,
        LinearOptions, LinearSpec, LogSoftmax, LstmCell, MaxPool2d, MaxPoolOptions<2>, MaxPoolSpec<2>, Mish,
        MultiheadAttention, Nonlinearity, NormOptions, Padding<2>, PaddingSpec, PositionalEmbedding,
        PositionsSpec, Prelu, PreluOptions, PreluSpec, gradtape::nn::Recurrent<LstmCell>, gradtape::nn::RecurrentSpec<LstmCell>,
        RecurrentOptions, Relu, Relu6, Residual, ResidualSpec, RmsNorm, RmsNormOptions, RmsNormSpec, RnnCell,
        RotaryEmbedding, Sampling, Selu, Sequential, SequentialSpec, Sigmoid, Silu, Softmax, Softplus, Softsign, Summary,
        SummaryRow, Tanh, TransformerDecoderLayer, TransformerDecoderSpec, TransformerDecoderStackSpec,
        TransformerEncoderLayer, TransformerEncoderSpec,
        TransformerOptions, Unflatten,
        // optim
        Accumulator<'static>, Anneal, Base, Ema<Linear>, gradtape::optim::Group, Hyper, Hyperparameter, HyperValue,
        Interval, OneCycle, OptimizerInfo, Pace, Plateau, Preset, Schedule, Scheduler, gradtape::optim::Slot,
        Threshold,
        // loss and metric
        BceOptions, ConfusionMatrix, ContrastiveOptions, CosineEmbeddingOptions, CrossEntropyOptions, CtcOptions,
        DiceOptions, FocalOptions, GaussianNllOptions, MultiMarginOptions, NllOptions, PoissonNllOptions,
        Reduction, SigmoidFocalOptions, TripletMarginOptions,
        // soft
        GumbelOptions, Regularization, SoftOrderOptions,
        // data
        Augment, Batch, Batches, Categories, Column, ColumnKind, CsvOptions, Dataset, Epoch<'static, 'static>,
        Feature, Filled, Fractions, IdxFiles, IdxFolder, IdxPiece, Part, PreparedRows, PreprocessOptions, Preprocessing, RowReader, Rows, Split, Standardise, Stream,
        Table, TableBuilder, Target, Task, Transform, TransformChoice, Vocabulary,
        // io
        Checkpoint, EventWriter, Matched, Model, SafeTensors, gradtape::io::Setting, Unit,
        // train
        Checkpoints, EarlyStopping, EpochReport, Every, Health, HealthReport, History, LayerHealth, LossScale,
        Observation, ObservedLayer, ObservedParameter, AnswerText<'static>, Answers, Predictor, Scores, StepReport, Stopped, TensorBoard, ThreadRanks, Traffic, Warning,
    ];
    names.extend(names![shared:
        plan::Access, plan::Body, plan::Buffer, plan::BufferId, plan::Check, plan::Hiding<'static>, plan::Host, plan::Inst,
        plan::Kernel, plan::Loop, plan::Contract, plan::Passes, plan::Place, plan::Program, plan::Target, plan::Tiled,
        plan::Reduction, plan::Reg, plan::Stage, plan::Store,
    ]);
    names![shared: Box<dyn Layer>, Box<dyn Module>, Box<dyn Optimizer>, Box<dyn Rule>];
    names
}

/// As [`both`], of what macros declare, which is not found among the sources.
fn both_by_macros() -> Vec<String> {
    use gradtape::nn::*;
    names![shared: AdaptiveAvgPool2d, AdaptiveAvgPoolSpec<2>, AdaptiveMaxPool2d, AdaptiveMaxPoolSpec<2>, GlobalAvgPool,
        GlobalMaxPool]
}

/// What may be moved alone.
fn one_at_a_time() -> Vec<String> {
    // A tape is written by whoever records, and a continuation has one; a trainer calls closures that may count.
    names![moved: Continuation<'static>, Tape, Trainer<'static>]
}

/// What stays with the thread that has it, each with the reason.
const NEITHER: &[(&str, &str)] = &[
    ("gradtape::tape::var::Var", "a place on a tape, on which one thread at a time records"),
    ("gradtape::op::recorder::Term", "as Var"),
    ("gradtape::tape::mixed::Autocast", "changes how the thread's tape records while it lives"),
    ("gradtape::tape::foreign::Told", "changes how the thread's tape records while it lives"),
    ("gradtape::op::operation::Cotangent", "has a Term"),
    ("gradtape::op::examples::Examples", "has Terms"),
    ("gradtape::optim::rule::Update", "has Vars"),
    ("gradtape::nn::recurrent::RecurrentState", "has Vars"),
    ("gradtape::nn::attention::cache::KeyValueCache", "has Vars"),
    ("gradtape::nn::transformer::decoder::DecoderCache", "has Vars"),
    ("gradtape::nn::module::Visitor", "lives for one walk, with a closure that collects"),
    ("gradtape::tensor::storage::Storage", "cannot be named outside; Tensor has it"),
    ("gradtape::tensor::storage::Slice", "as Storage; Numbers has it"),
    ("gradtape::tensor::storage::SliceMut", "as Storage; NumbersMut has it"),
    ("gradtape::Readme", "holds the README's examples"),
];

#[test]
fn every_public_type_may_be_shared_between_threads_or_says_why_not() {
    let mut known: BTreeSet<String> = both().into_iter().chain(one_at_a_time()).collect();
    known.extend(NEITHER.iter().map(|(name, _)| name.to_string()));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeSet::new();
    collect(&source, "gradtape", &mut found);
    assert!(found.len() > 100, "only {} types were found", found.len());
    let missing: Vec<_> = found.difference(&known).collect();
    assert!(missing.is_empty(), "say of these whether they are Send and Sync: {missing:#?}");
    assert!(found.is_disjoint(&both_by_macros().into_iter().collect()));
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(gone.is_empty(), "these are no types of the library: {gone:#?}");
}

/// The paths of the public types of a folder's modules. Operations and optimisers are declared by macros: as
/// the variants of `Op` they are what it is, and a `Rule` is both.
fn collect(folder: &Path, module: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let module = match &*stem {
            "mod" | "lib" => module.to_string(),
            _ => format!("{module}::{stem}"),
        };
        if path.is_dir() {
            collect(&path, &module, found);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        if text.contains("\noptimizer! {\n") {
            continue;
        }
        for line in text.lines().map(str::trim_start) {
            let rest = ["pub struct ", "pub enum "].iter().find_map(|word| line.strip_prefix(word));
            let end = |rest: &str| rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
            match rest.map(|rest| &rest[..end(rest)]) {
                Some("") | None => {}
                Some(name) => drop(found.insert(format!("{module}::{name}"))),
            }
        }
    }
}

#[test]
fn a_model_in_an_arc_serves_many_threads() -> Result<()> {
    let net = Sequential::mlp(&[4, 8, 3], Activation::Tanh, 0.0, &mut Rng::new(1))?;
    let model = Arc::new(Model::new(net));
    let x = Tensor::ones([5, 4], DType::F32);
    let want = predict(&model.network, &x, 5)?;
    let serve = || {
        let (model, x) = (Arc::clone(&model), x.clone());
        thread::spawn(move || predict(&model.network, &x, 5))
    };
    for thread in [serve(), serve(), serve()] {
        assert!(thread.join().unwrap()?.equals(&want));
    }
    Ok(())
}

#[test]
fn a_training_moves_to_another_thread_and_gives_the_same_bits() -> Result<()> {
    let data = data::xor(60, 0.1, 1)?;
    let make = || Sequential::mlp(&[2, 6, 2], Activation::Tanh, 0.2, &mut Rng::new(1));
    let (here, there) = (make()?, make()?);
    Trainer::new(&here, Adam::new(&here, 0.01)).epochs(2).fit(&data, None)?;
    let mut losses = Vec::new();
    let mut trainer = Trainer::new(&there, Adam::new(&there, 0.01))
        .epochs(2)
        .on_step(|report| losses.push(report.loss));
    thread::scope(|scope| scope.spawn(|| trainer.fit(&data, None)).join().unwrap())?;
    drop(trainer);
    assert_eq!(losses.len(), 4);
    for (a, b) in here.parameters().iter().zip(there.parameters()) {
        assert!(a.value().equals(&b.value()));
    }
    Ok(())
}

#[test]
fn tapes_and_compiled_steps_move_to_another_thread() -> Result<()> {
    let net = Linear::new(3, 2, &mut Rng::new(1));
    let opt = Adam::new(&net, 0.01);
    let x = Tensor::ones([4, 3], DType::F32);
    let mut step = compile(|tape, x| {
        let loss = loss::mse(net.forward(x[0]), tape.constant(Tensor::zeros([4, 2], DType::F32)));
        opt.step(loss)?;
        Ok(vec![loss])
    });
    let first = step.call(std::slice::from_ref(&x))?[0].item()?;
    let second = thread::scope(|scope| scope.spawn(|| step.call(&[x])).join().unwrap())?;
    assert!(second[0].item()? < first && opt.steps() == 2);

    let tape = Tape::new();
    let root = tape.constant(2.0).sqrt().id();
    let moved = thread::spawn(move || (tape.len(), tape.constant(9.0).sqrt().item()));
    let (nodes, value) = moved.join().unwrap();
    assert_eq!((root.index() + 1, value?), (nodes, 3.0));
    Ok(())
}
