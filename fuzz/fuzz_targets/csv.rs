//! Tables: `cargo fuzz run csv`.
#![no_main]

use gradtape::data::{CsvOptions, Table};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(table) = Table::from_csv(bytes, "fuzz", &CsvOptions::default()) {
        for column in table.columns() {
            assert_eq!(column.cells().count(), table.len());
            let _ = table.numbers(column.name());
        }
    }
});
