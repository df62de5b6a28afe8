//! Tables in other files: `cargo fuzz run files`.
#![no_main]

use gradtape_files::{TableOptions, read_table_from};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(table) = read_table_from(bytes, "fuzz", &TableOptions::default()) {
        for column in table.columns() {
            assert_eq!(column.cells().count(), table.len());
        }
    }
});
