use super::*;
use crate::tensor::Rng;

fn read(text: &str) -> Result<Table> {
    Table::from_csv(text.as_bytes(), "d.csv", &CsvOptions::default())
}

#[track_caller]
fn error(text: &str, expected: &str) {
    let error = read(text).unwrap_err();
    assert_eq!(error.kind(), Kind::Data);
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn columns_are_typed_and_missing_cells_counted() {
    let table = read("a,b,c,d\n1,x,,7\nNA,y,?,x\n2.5e1,null,NaN,y\n-3,N/A,-nan,\n").unwrap();
    let kinds: Vec<_> = table.columns().iter().map(Column::kind).collect();
    use ColumnKind::{Category, Empty, Number};
    assert_eq!(kinds, [Number, Category, Empty, Category]);
    let missing: Vec<_> = table.columns().iter().map(Column::missing).collect();
    assert_eq!(missing, [1, 2, 4, 1]);
    let a = table.numbers("a").unwrap();
    assert!(a[1].is_nan());
    assert_eq!([a[0], a[2], a[3]], [1.0, 25.0, -3.0]);
    let b: Vec<_> = table.column("b").unwrap().cells().collect();
    assert_eq!(b, [Some("x"), Some("y"), None, None]);
    assert_eq!(table.column("b").unwrap().cell(4), None);
}

#[test]
fn delimiters_are_guessed_or_given() {
    for delimiter in [",", ";", "\t", "|"] {
        let text = "a,\"x,y;|\",c\n1,2,3\n".replace("\",", "\"\0").replace("a,", "a\0");
        let text = text.replace("1,2,3", "1\x002\x003").replace('\0', delimiter);
        let table = read(&text).unwrap();
        assert_eq!(table.columns()[1].name(), "x,y;|", "{text:?}");
        assert_eq!(table.numbers("c").unwrap(), [3.0]);
    }
    let options = |delimiter| CsvOptions { delimiter: Some(delimiter), ..Default::default() };
    let table = Table::from_csv(&b"a:b,c\n1:2\n"[..], "d.csv", &options(b':')).unwrap();
    assert_eq!(table.columns()[1].name(), "b,c");
    for bad in *b"\"\n\r\xe4" {
        assert!(Table::from_csv(&b"a,b\n1,2\n"[..], "d.csv", &options(bad)).is_err());
    }
    assert_eq!(read("alone\n4\n\n5\n").unwrap().numbers("alone").unwrap(), [4.0, 5.0]);
}

#[test]
fn byte_order_mark_line_ends_and_quotes() {
    let table = read("\u{feff}a,\"b \"\"x\"\"\"\r\n 1 ,\"two\r\nlines\"\r\n2,é\r\n").unwrap();
    assert_eq!(table.columns()[0].name(), "a");
    assert_eq!(table.columns()[1].name(), "b \"x\"");
    assert_eq!(table.column("b \"x\"").unwrap().cell(0), Some("two\r\nlines"));
    assert_eq!((table.line(0), table.line(1), table.line(2)), (2, 4, 0));
}

#[test]
fn files_that_are_no_table() {
    error("", "d.csv: the file is empty");
    error("\n\n \n", "d.csv: the file is empty");
    error("\u{feff}", "d.csv: the file is empty");
    error("a,b\n", "no rows below the header");
    error("1,2\n3,4\n", "line 1: the header is missing");
    error("a,b\n1,2\n\n3\n", "d.csv, line 4: 1 cell, but the first line has 2");
    error("a,b\n1,2,3\n", "d.csv, line 2: 3 cells, but the first line has 2");
    error("a,b,a\n1,2,3\n", "columns 1 and 3 are both named \"a\"");
    error("a,b\n1,\"2\n", "line 2: a quote is never closed");
    let bytes = |bytes: &[u8]| {
        Table::from_csv(bytes, "d.csv", &CsvOptions::default()).unwrap_err().to_string()
    };
    let text = bytes(b"a,b\n1,2\n1,\xff\n");
    assert!(text.contains("d.csv, line 3, column \"b\": the text is not UTF-8"), "{text}");
    assert!(bytes(b"a,\xff\n1,2\n").contains("line 1, column 2: the text is not UTF-8"));
    assert!(bytes(&[0, 0, 8, 3, 0, 0]).contains("give the folder with images"));
    error("# remark\nx,y\n1,2\n", "nothing may stand above it");
    let text = read("x y\n1 2\n").unwrap().column("y").unwrap_err().to_string();
    assert!(text.contains("name it as the delimiter"), "{text}");
    assert!(bytes(b"\xff\xfea\0,\0").contains("UTF-16"));
    assert!(bytes(b"\x1f\x8b\x08").contains("gzip"));
    assert!(bytes(b"PK\x03\x04").contains("spreadsheet"));
    assert!(bytes(b"a,\0\n").contains("not a text file"));
}

#[test]
fn files_that_cannot_be_read() {
    let missing = Table::read_csv("no/such/file.csv").unwrap_err();
    assert_eq!(missing.kind(), Kind::File);
    assert!(missing.to_string().contains("no/such/file.csv"));
    let folder = Table::read_csv(env!("CARGO_MANIFEST_DIR")).unwrap_err();
    assert!(folder.to_string().contains("folder"), "{folder}");
}

#[test]
fn cells_that_are_no_numbers_are_named() {
    let table = read("a,b\n1,x\n2,y\noops,z\n1e999,w\n").unwrap();
    let text = table.numbers("a").unwrap_err().to_string();
    assert!(text.contains("d.csv, line 4, column \"a\": \"oops\" is not a number"), "{text}");
    let table = read("a\n1\n-1e999\n").unwrap();
    let text = table.numbers("a").unwrap_err().to_string();
    assert!(text.contains("line 3, column \"a\": \"-1e999\" is not a finite number"), "{text}");
}

#[test]
fn a_missing_column_gets_the_nearest_name() {
    let table = read("sepal,petal,species\n1,2,a\n").unwrap();
    let text = table.column("specis").unwrap_err().to_string();
    assert!(text.contains("no column \"specis\""), "{text}");
    assert!(text.contains("did you mean \"species\"?"), "{text}");
    assert!(text.contains("columns: \"sepal\", \"petal\", \"species\""), "{text}");
    assert!(!table.column("zzz").unwrap_err().to_string().contains("did you mean"));
}

#[test]
fn columns_without_a_header_are_numbered() {
    let options = CsvOptions { header: Some(false), ..Default::default() };
    let table = Table::from_csv(&b"1,x\n2,y\n"[..], "d.csv", &options).unwrap();
    assert_eq!(table.numbers("c0").unwrap(), [1.0, 2.0]);
    let options = CsvOptions { header: Some(true), ..Default::default() };
    let table = Table::from_csv(&b"2019,2020\n1,2\n"[..], "d.csv", &options).unwrap();
    assert_eq!(table.numbers("2020").unwrap(), [2.0]);
    assert_eq!(read(",b\n1,2\n").unwrap().columns()[0].name(), "unnamed_1");
}

#[test]
fn commas_in_numbers() {
    let text = "x;y\n1,5;a\n-2,25e1;b,c\n7;\n";
    let options = CsvOptions { decimal_comma: true, ..Default::default() };
    let table = Table::from_csv(text.as_bytes(), "d.csv", &options).unwrap();
    assert_eq!(table.numbers("x").unwrap(), [1.5, -22.5, 7.0]);
    assert_eq!(table.column("y").unwrap().cell(1), Some("b,c"));

    let table = read("x,y\n?,1\n\"1,234,567\",2\n\"2,000\",3\n").unwrap();
    let text = table.refuse_commas(&table.columns()[0]).unwrap_err().to_string();
    assert!(text.contains("line 3, column \"x\": \"1,234,567\" is a number written"), "{text}");
    assert!(table.refuse_commas(&table.columns()[1]).is_ok());
}

#[test]
fn a_hundred_thousand_rows() {
    let mut text = String::from("i,x,name\n");
    for i in 0..100_000 {
        text.push_str(&format!("{i},{},n{}\n", i as f64 / 8.0, i % 10));
    }
    let table = read(&text).unwrap();
    assert_eq!(table.len(), 100_000);
    assert_eq!(table.numbers("x").unwrap()[99_999], 99_999.0 / 8.0);
    assert_eq!(table.line(99_999), 100_001);
}

#[test]
fn damage_never_panics() {
    let original = "\u{feff}a,\"b\nb\",c\r\n1,x,\"q\"\"\"\r\n2,\"y\",é\n?,NA,3.5\n".as_bytes();
    let mut rng = Rng::new(2);
    for _ in 0..20_000 {
        let mut bytes = original.to_vec();
        for _ in 0..1 + rng.below(4) {
            let at = rng.below(bytes.len());
            match rng.below(3) {
                0 => bytes[at] ^= 1 << rng.below(8),
                1 => bytes[at] = b",;\"\n\r|\t0"[rng.below(8)],
                _ => drop(bytes.remove(at)),
            }
        }
        bytes.truncate(rng.below(bytes.len() + 1));
        if let Ok(table) = Table::from_csv(&bytes[..], "d.csv", &CsvOptions::default()) {
            for column in table.columns() {
                assert_eq!(column.cells().count(), table.len());
                let _ = table.numbers(column.name());
            }
        }
    }
}
