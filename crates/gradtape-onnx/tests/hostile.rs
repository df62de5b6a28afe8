//! Damaged and hostile files: errors that say what is wrong, never a panic.

use gradtape::nn::{Conv2d, Flatten, Linear, Relu, Sequential};
use gradtape::{DType, Rng, Tape, Tensor};
use gradtape_onnx::{Export, Model, Network};
use prost::Message;

#[derive(Clone, PartialEq, Message)]
struct ModelProto {
    #[prost(message, optional, tag = "7")]
    graph: Option<GraphProto>,
    #[prost(message, repeated, tag = "8")]
    opsets: Vec<Opset>,
    #[prost(message, repeated, tag = "25")]
    functions: Vec<FunctionProto>,
}

#[derive(Clone, PartialEq, Message)]
struct Opset {
    #[prost(string, tag = "1")]
    domain: String,
    #[prost(int64, tag = "2")]
    version: i64,
}

#[derive(Clone, PartialEq, Message)]
struct GraphProto {
    #[prost(message, repeated, tag = "1")]
    nodes: Vec<NodeProto>,
    #[prost(message, repeated, tag = "5")]
    tensors: Vec<TensorProto>,
    #[prost(message, repeated, tag = "11")]
    inputs: Vec<Info>,
    #[prost(message, repeated, tag = "12")]
    outputs: Vec<Info>,
}

#[derive(Clone, PartialEq, Message)]
struct Info {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct NodeProto {
    #[prost(string, repeated, tag = "1")]
    inputs: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    outputs: Vec<String>,
    #[prost(string, tag = "4")]
    op: String,
    #[prost(string, tag = "7")]
    domain: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct TensorProto {
    #[prost(int64, repeated, tag = "1")]
    pub(crate) dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    pub(crate) kind: i32,
    #[prost(int64, repeated, tag = "7")]
    pub(crate) whole: Vec<i64>,
    #[prost(string, tag = "8")]
    pub(crate) name: String,
    #[prost(message, repeated, tag = "13")]
    pub(crate) apart: Vec<Entry>,
    #[prost(int32, tag = "14")]
    pub(crate) location: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Entry {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct FunctionProto {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, repeated, tag = "4")]
    inputs: Vec<String>,
    #[prost(string, repeated, tag = "5")]
    outputs: Vec<String>,
    #[prost(message, repeated, tag = "7")]
    nodes: Vec<NodeProto>,
    #[prost(string, tag = "10")]
    domain: String,
}

pub(crate) fn node(op: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    let all = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
    let domain = if op.starts_with('f') { "own" } else { "" };
    NodeProto { op: op.into(), inputs: all(inputs), outputs: all(outputs), domain: domain.into() }
}

pub(crate) fn bytes(
    nodes: Vec<NodeProto>,
    tensors: Vec<TensorProto>,
    functions: Vec<FunctionProto>,
) -> Vec<u8> {
    let info = |name: &str| vec![Info { name: name.into() }];
    let graph = GraphProto { nodes, tensors, inputs: info("x"), outputs: info("y") };
    let opsets = vec![
        Opset { domain: String::new(), version: 19 },
        Opset { domain: "own".into(), version: 1 },
    ];
    ModelProto { graph: Some(graph), opsets, functions }.encode_to_vec()
}

fn refusal(bytes: &[u8]) -> String {
    match Model::from_bytes(bytes).and_then(Network::new) {
        Ok(_) => panic!("it was taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_graph_that_cannot_run_is_refused_by_name() {
    let cycle = vec![
        node("Relu", &["b"], &["a"]),
        node("Tanh", &["a"], &["b"]),
        node("Exp", &["b"], &["y"]),
    ];
    let told = refusal(&bytes(cycle, vec![], vec![]));
    assert!(told.contains("node 0 (Relu) reads \"b\", which nothing before it gives"), "{told}");
    assert!(told.contains("node 1 (Tanh) gives it"), "{told}");
    let lone = refusal(&bytes(vec![node("Add", &["x", "weight"], &["y"])], vec![], vec![]));
    assert!(
        lone.contains("\"weight\"")
            && lone.contains("an initializer or an input of the graph is missing")
    );
    let twice = vec![node("Relu", &["x"], &["y"]), node("Tanh", &["x"], &["y"])];
    assert!(refusal(&bytes(twice, vec![], vec![])).contains("which is there already"));
    let unknown = refusal(&bytes(vec![node("Softmaxx", &["x"], &["y"])], vec![], vec![]));
    assert!(unknown.contains("node 0 (Softmaxx): there is no operator Softmaxx here"), "{unknown}");
    assert!(unknown.contains("the nearest is Softmax"), "{unknown}");
}

#[test]
fn functions_that_grow_without_end_are_refused() {
    let function = |name: &str, calls: &[&str]| FunctionProto {
        name: name.into(),
        inputs: vec!["x".into()],
        outputs: vec!["y".into()],
        nodes: calls
            .iter()
            .enumerate()
            .map(|(i, call)| {
                node(call, &["x"], &[if i == 0 { "y" } else { ["a", "b", "c"][i - 1] }])
            })
            .collect(),
        domain: "own".into(),
    };
    let call = || vec![node("f0", &["x"], &["y"])];
    let own = refusal(&bytes(call(), vec![], vec![function("f0", &["f0"])]));
    assert!(own.contains("function \"f0\" calls itself"), "{own}");
    let names: Vec<String> = (0..40).map(|i| format!("f{i}")).collect();
    let mut all: Vec<FunctionProto> =
        names.windows(2).map(|pair| function(&pair[0], &[&pair[1], &pair[1]])).collect();
    all.push(function("f39", &["Relu"]));
    assert!(refusal(&bytes(call(), vec![], all)).contains("nodes"));
}

#[test]
fn tensors_that_do_not_fit_are_refused() {
    let held = |tensor: TensorProto| {
        refusal(&bytes(vec![node("Add", &["x", "w"], &["y"])], vec![tensor], vec![]))
    };
    let base = TensorProto {
        kind: 7,
        name: "w".into(),
        dims: vec![2],
        whole: vec![1, 2],
        ..TensorProto::default()
    };
    let short = held(TensorProto { whole: vec![1], ..base.clone() });
    assert!(short.contains("tensor \"w\": it has 1 elements, its shape is for 2"), "{short}");
    assert!(held(TensorProto { dims: vec![-1], ..base.clone() }).contains("a size below 0"));
    assert!(
        held(TensorProto { dims: vec![1 << 40, 1 << 40], ..base.clone() })
            .contains("more elements than memory")
    );
    assert!(held(TensorProto { kind: 23, ..base.clone() }).contains("FLOAT4E2M1 are not read"));
    let apart = TensorProto { location: 1, whole: vec![], ..base };
    assert!(held(apart.clone()).contains("not named"));
    let entry = |value: &str| vec![Entry { key: "location".into(), value: value.into() }];
    assert!(
        held(TensorProto { apart: entry("w.bin"), ..apart })
            .contains("read the model from its file")
    );
}

#[test]
fn files_beside_the_model_are_read_and_none_outside_of_its_folder() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("apart");
    let inner = folder.join("inner");
    std::fs::create_dir_all(&inner).unwrap();
    let numbers: Vec<u8> = [5i64, -7].iter().flat_map(|x| x.to_le_bytes()).collect();
    std::fs::write(inner.join("w.bin"), &numbers).unwrap();
    std::fs::write(folder.join("secret.bin"), &numbers).unwrap();
    let of = |location: &str| {
        let apart = vec![Entry { key: "location".into(), value: location.into() }];
        let w = TensorProto {
            kind: 7,
            name: "w".into(),
            dims: vec![2],
            apart,
            location: 1,
            ..TensorProto::default()
        };
        let path = inner.join("m.onnx");
        std::fs::write(&path, bytes(vec![node("Add", &["x", "w"], &["y"])], vec![w], vec![]))
            .unwrap();
        Network::read(&path)
    };
    let network = of("w.bin").unwrap();
    let tape = Tape::inference();
    let x = tape.constant([1i64, 1]);
    assert_eq!(network.forward_all(&[x]).unwrap()[0].value().unwrap().to_f64_vec(), [6.0, -6.0]);
    let secret = folder.join("secret.bin");
    for outside in ["../secret.bin", secret.to_str().unwrap(), "../../../../../../etc/passwd"] {
        let told = of(outside).err().expect("it was read").to_string();
        assert!(told.contains("outside of the model's folder"), "{told}");
    }
    assert!(of("gone.bin").err().expect("it was read").to_string().contains("gone.bin"));
}

#[test]
fn a_file_cut_short_or_with_other_bytes_never_panics() {
    let mut rng = Rng::new(1);
    let network = Sequential::new()
        .add(Conv2d::new(1, 2, [3, 3], &mut rng))
        .add(Relu)
        .add(Flatten)
        .add(Linear::new(2 * 16, 3, &mut rng));
    let whole = Export::new().network(&network, &[1, 6, 6]).unwrap();
    for end in 0..whole.len() {
        if let Ok(model) = Model::from_bytes(&whole[..end]) {
            let _ = Network::new(model);
        }
    }
    let mut state = 7u64;
    let mut next = |bound: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    for _ in 0..3000 {
        let mut other = whole.clone();
        for _ in 0..1 + next(3) {
            let place = next(other.len());
            other[place] = next(256) as u8;
        }
        let Ok(network) = Model::from_bytes(&other).and_then(Network::new) else { continue };
        let tape = Tape::inference();
        let x = tape.constant(Tensor::ones([2, 1, 6, 6], DType::F32));
        if let Ok(outputs) = network.forward_all(&[x]) {
            outputs.into_iter().for_each(|output| drop(output.value()));
        }
    }
}

/// Every case of the ONNX project with a few of its bytes changed, read and run.
#[test]
#[ignore = "takes minutes"]
fn cases_with_other_bytes_never_panic() {
    let Some(path) = crate::archive::whole() else {
        eprintln!("the archive of ONNX's cases is absent: nothing was tried");
        return;
    };
    let mut state = 11u64;
    let mut next = |bound: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    // Where panics come from, each place once.
    let places = std::sync::Arc::new(std::sync::Mutex::new(std::collections::BTreeMap::new()));
    let seen = places.clone();
    std::panic::set_hook(Box::new(move |info| {
        let at = info.location().map(ToString::to_string).unwrap_or_default();
        seen.lock().unwrap().entry(at).or_insert_with(|| info.to_string());
    }));
    for (name, case) in crate::archive::read(&path) {
        for turn in 0..500 {
            let mut model = case.model.clone();
            for _ in 0..1 + next(4) {
                let place = next(model.len());
                model[place] = next(256) as u8;
            }
            let other = crate::archive::Case { model, sets: case.sets.clone() };
            let start = std::time::Instant::now();
            let _ = std::panic::catch_unwind(|| crate::cases::run(&other));
            let took = start.elapsed();
            if took.as_secs() > 10 {
                places
                    .lock()
                    .unwrap()
                    .insert(format!("{name}, turn {turn}"), format!("took {took:?}"));
            }
        }
    }
    let _ = std::panic::take_hook();
    let places = places.lock().unwrap();
    assert!(places.is_empty(), "{places:#?}");
}
