//! `gradtape layers`.

use crate::common::run;
use gradtape::nn::LayerSpec;

#[test]
fn every_layer_is_in_the_table() {
    let table = run("layers").ok().stdout;
    let listed: Vec<&str> = table.lines().skip(1).map(|l| l.split(' ').next().unwrap()).collect();
    let known: Vec<&str> = LayerSpec::TABLE.iter().map(|info| info.name).collect();
    assert_eq!(listed, known);
    let entries = run("layers --format json").ok().json();
    let entries = entries.as_array().unwrap();
    assert_eq!(entries.len(), known.len());
    for (entry, info) in entries.iter().zip(LayerSpec::TABLE) {
        assert_eq!((&entry["name"], &entry["tag"]), (&info.name.into(), &info.tag().into()));
        assert_eq!(entry["arguments"].as_array().unwrap().len(), info.arguments().len());
    }
}

#[test]
fn a_layer_is_explained_by_name_or_tag() {
    let text = run("layers Conv2d").ok().stdout;
    for words in ["Conv2d", "kernel, stride", "[n, outputs, windows…]", r#"{"layer": "conv2d", …}"#]
    {
        assert!(text.contains(words), "{words} is not in: {text}");
    }
    assert_eq!(run("layers conv2d").ok().stdout, text);
    assert_eq!(run("layers relu --format json").ok().json()["arguments"], serde_json::json!([]));
    assert!(run("layers relu").ok().stdout.contains("arguments  none"));
    run("layers conv22d").fails(2, &["there is no layer \"conv22d\"", "did you mean \"conv2d\"?"]);
    assert!(run("layers --help").ok().stdout.contains("gradtape layers conv2d"));
}
