//! Bodies of requests, as a model reads them: `cargo fuzz run service`.
#![no_main]

use std::sync::OnceLock;

use gradtape::Rng;
use gradtape::data::{CsvOptions, PreprocessOptions, Preprocessing, Table};
use gradtape::nn::{Linear, Sequential};
use gradtape::train::Predictor;

const HOMES: &str = "size,built,town,about,sold\n\
    30,2001-02-03,Oslo,a small house,yes\n50,1999-12-31,,near the sea,no\n\
    40,2010-07-01,Bergen,a house near the sea,yes\n,1980-01-01,Bergen,small,no\n";

fn predictor() -> Predictor {
    let table = Table::from_csv(HOMES.as_bytes(), "homes.csv", &CsvOptions::default()).unwrap();
    let prepared = Preprocessing::fit(&table, "sold", &[0, 1, 2, 3], &PreprocessOptions::default());
    let prepared = prepared.unwrap();
    let network = Sequential::new().add(Linear::new(prepared.width(), 2, &mut Rng::new(1)));
    Predictor::new(network, prepared).unwrap()
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    static PREDICTOR: OnceLock<Predictor> = OnceLock::new();
    let predictor = PREDICTOR.get_or_init(predictor);
    let found = predictor.reader().read_at_once(bytes, 1 << 20);
    let table = Table::from_csv(bytes, "the body", &CsvOptions::default());
    let rows = table.and_then(|table| predictor.reader().read_table(&table));
    if let Some(found) = found {
        // What is read at once is what a table says.
        let rows = rows.as_ref().expect("a table refuses the body");
        assert_eq!((&found.notes, found.inputs.to_f64_vec()), (&rows.notes, rows.inputs.to_f64_vec()));
    }
    if let Ok(rows) = rows {
        let _ = predictor.answer(&rows.inputs);
    }
});
