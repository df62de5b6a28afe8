//! The interface as C sees it: the example, and what a careless program does, compiled by the machine's C compiler.
//!
//! Where there is no C compiler, the test says so and passes.

#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gradtape::Rng;
use gradtape::data::{CsvOptions, PreprocessOptions, Preprocessing, Table};
use gradtape::io::Model;
use gradtape::nn::{Linear, Relu, Sequential};
use gradtape::train::{Answers, Predictor};

const HOMES: &str = "size,rooms,sold\n30,1,yes\n50,3,no\n40,2,yes\n60,,no\n45,2,no\n";

/// A folder of its own with a model file in it.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let table = Table::from_csv(HOMES.as_bytes(), "homes.csv", &CsvOptions::default()).unwrap();
    let prepared =
        Preprocessing::fit(&table, "sold", &[0, 1, 2, 3, 4], &PreprocessOptions::default())
            .unwrap();
    let mut rng = Rng::new(3);
    let network = Sequential::new()
        .add(Linear::new(prepared.width(), 8, &mut rng))
        .add(Relu)
        .add(Linear::new(8, 2, &mut rng));
    let mut model = Model::new(network);
    model.preprocessing = Some(prepared.to_json());
    model.save(folder.join("model.safetensors")).unwrap();
    std::fs::write(folder.join("rows.csv"), HOMES).unwrap();
    folder
}

/// Compiles a program against the library; `None` without a compiler.
fn compiled(folder: &Path, source: &Path) -> Option<PathBuf> {
    if Command::new("cc").arg("--version").output().is_err() {
        eprintln!("there is no C compiler: the interface was not tried");
        return None;
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The library lies beside this program.
    let libraries = std::env::current_exe().unwrap().parent().unwrap().to_path_buf();
    let program = folder.join("program");
    let built = Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1"])
        .arg(source)
        .arg("-I")
        .arg(here.join("include"))
        .arg("-o")
        .arg(&program)
        .arg(libraries.join("libgradtape_c.a"))
        .args(["-lpthread", "-ldl", "-lm"])
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    Some(program)
}

fn run(program: &Path, folder: &Path, words: &[&str]) -> Output {
    Command::new(program).args(words).current_dir(folder).output().unwrap()
}

#[test]
fn the_example_predicts_what_the_library_predicts() {
    let folder = folder("c-example");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/predict.c");
    let Some(program) = compiled(&folder, &example) else { return };
    let told = run(&program, &folder, &["model.safetensors", "rows.csv"]);
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let predictor = Predictor::load(folder.join("model.safetensors")).unwrap();
    let table = Table::from_csv(HOMES.as_bytes(), "homes.csv", &CsvOptions::default()).unwrap();
    let Answers::Classes { probabilities, .. } = predictor.predict(&table).unwrap() else {
        panic!()
    };
    let shares = probabilities.to_f64_vec();
    let lines: String =
        shares.chunks(2).map(|row| format!("no {:.6}, yes {:.6}\n", row[0], row[1])).collect();
    assert_eq!(String::from_utf8_lossy(&told.stdout), lines);

    let gone = run(&program, &folder, &["gone.safetensors", "rows.csv"]);
    let error = String::from_utf8_lossy(&gone.stderr).into_owned();
    assert!(gone.status.code() == Some(1) && error.contains("gone.safetensors"), "{error}");
    std::fs::write(folder.join("other.csv"), "size\n3\n").unwrap();
    let other = run(&program, &folder, &["model.safetensors", "other.csv"]);
    let error = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(other.status.code() == Some(1) && error.contains("rooms"), "{error}");
}

#[test]
fn a_careless_program_gets_errors_and_goes_on() {
    let folder = folder("c-careless");
    let source = folder.join("careless.c");
    std::fs::write(&source, CARELESS).unwrap();
    let Some(program) = compiled(&folder, &source) else { return };
    let told = run(&program, &folder, &["model.safetensors"]);
    let (out, error) =
        (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    assert!(told.status.success() && out == "all as it should be\n", "{out}{error}");
}

/// Each line that does not hold is told by its number.
const CARELESS: &str = r#"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "gradtape.h"

#define HOLDS(x) do { if (!(x)) { fprintf(stderr, "line %d: %s (%s)\n", __LINE__, #x, gradtape_error()); return 1; } } while (0)

int main(int count, char **words) {
  HOLDS(count == 2 && strlen(gradtape_version()) >= 5);
  HOLDS(gradtape_error() == NULL);
  HOLDS(gradtape_load(NULL) == NULL && strstr(gradtape_error(), "NULL"));
  HOLDS(gradtape_load("\xff\xfe") == NULL && strstr(gradtape_error(), "UTF-8"));
  gradtape_free(NULL);
  gradtape_model *model = gradtape_load(words[1]);
  HOLDS(model && gradtape_error() == NULL);
  HOLDS(strcmp(gradtape_target(model), "sold") == 0 && gradtape_target(NULL) == NULL);
  HOLDS(gradtape_columns(model) == 2 && gradtape_columns(NULL) == 0);
  HOLDS(strcmp(gradtape_column(model, 1), "rooms") == 0 && gradtape_column(model, 2) == NULL);
  HOLDS(gradtape_outputs(model) == 2 && strcmp(gradtape_class(model, 1), "yes") == 0);
  HOLDS(gradtape_class(model, 7) == NULL && gradtape_class(NULL, 0) == NULL);

  const char *csv = "size,rooms\n30,1\n60,\n";
  double numbers[] = {30, 1, 60, NAN}, out[4] = {0}, again[4] = {0};
  size_t rows = 0;
  HOLDS(gradtape_predict_text(model, csv, strlen(csv), out, 4, &rows) == 0 && rows == 2);
  HOLDS(gradtape_predict(model, numbers, 2, again) == 0);
  HOLDS(memcmp(out, again, sizeof out) == 0 && fabs(out[0] + out[1] - 1) < 1e-6);
  HOLDS(gradtape_predict_text(model, csv, strlen(csv), out, 3, &rows) == -1 && strstr(gradtape_error(), "room for 3"));
  HOLDS(gradtape_predict_text(model, csv, strlen(csv), NULL, 0, NULL) == -1);
  HOLDS(gradtape_predict_text(model, NULL, 3, out, 4, NULL) == -1);
  HOLDS(gradtape_predict_text(model, csv, SIZE_MAX, out, 4, NULL) == -1);
  HOLDS(gradtape_predict(model, numbers, SIZE_MAX / 2, again) == -1 && strstr(gradtape_error(), "memory"));
  HOLDS(gradtape_predict(model, NULL, 2, again) == -1 && gradtape_predict(NULL, numbers, 2, again) == -1);
  HOLDS(gradtape_predict(model, NULL, 0, NULL) == 0);
  double far[] = {1e300, 1};
  HOLDS(gradtape_predict(model, far, 1, again) == -1 && strstr(gradtape_error(), "too far"));
  HOLDS(gradtape_predict(model, numbers, 2, again) == 0 && gradtape_error() == NULL);
  gradtape_free(model);
  puts("all as it should be");
  return 0;
}
"#;
