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
    error("a,b\n1,\"2\n", "line 2: a quote is never closed");
    let bytes = |bytes: &[u8]| {
        Table::from_csv(bytes, "d.csv", &CsvOptions::default()).unwrap_err().to_string()
    };
    let text = bytes("a,é\n1,2\n1,".bytes().chain(*b"\xff\n").collect::<Vec<u8>>().as_slice());
    assert!(text.contains("d.csv, line 3, column \"é\": the text is not UTF-8"), "{text}");
    assert!(bytes(&[0, 0, 8, 3, 0, 0]).contains("give the folder with images"));
    let text = read("x y\n1 2\n").unwrap().column("y").unwrap_err().to_string();
    assert!(text.contains("name it as the delimiter"), "{text}");
    assert!(bytes(b"\x1f\x8b\x08").contains("d.csv"));
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

    // Thousands, unless a column or the file says otherwise.
    let table = read("x,y\n?,1\n\"1,234,567\",2\n\"2,000\",3\n980,4\n").unwrap();
    assert_eq!(table.numbers("x").unwrap()[1..], [1_234_567.0, 2000.0, 980.0]);
    let table = read("a;b;c;d\n1,5;1,020;1.020;7\n2,25;1,500;2.000;8,5\n").unwrap();
    let numbers = ["a", "b", "c", "d"].map(|name| table.numbers(name).unwrap());
    assert_eq!(numbers, [[1.5, 2.25], [1.02, 1.5], [1020.0, 2000.0], [7.0, 8.5]]);
    let table = read("a;b\n1.5;1,020\n2.25;980\n").unwrap();
    assert_eq!(
        [table.numbers("a").unwrap(), table.numbers("b").unwrap()],
        [[1.5, 2.25], [1020.0, 980.0]]
    );
}

#[test]
fn numbers_in_the_notations_of_people() {
    let text = "price,share,weight,took,gain\n\"$1,200.50\",1.5%,5 kg,1h 30m,(3)\n€900,20 %,7.5 kg,45 min,4\n$-,3%,6kg,2h,-1\n";
    let table = read(text).unwrap();
    let numbers = |name: &str| table.column(name).unwrap().numbers();
    assert_eq!(numbers("price")[..2], [1200.5, 900.0]);
    assert_eq!(numbers("share"), [1.5, 20.0, 3.0]);
    assert_eq!(numbers("weight"), [5.0, 7.5, 6.0]);
    assert_eq!(numbers("took"), [5400.0, 2700.0, 7200.0]);
    assert_eq!(numbers("gain"), [-3.0, 4.0, -1.0]);
    assert!(table.columns().iter().all(|column| column.kind() == ColumnKind::Number));
    let told = |name: &str| table.column(name).unwrap().written().unwrap();
    assert!(told("share").contains("percentages") && told("took").contains("durations"));
    assert!(told("price").contains("money") && told("weight").contains("\"kg\""));
}

#[test]
fn a_few_odd_cells_are_missing_and_more_make_a_text() {
    let table =
        read("x,y,z\n1,1,1\n2,a,None\n?,2,-\nabout 3,b,unknown\n4,3,#DIV/0!\n5,c,2\n").unwrap();
    let kinds: Vec<_> = table.columns().iter().map(Column::kind).collect();
    assert_eq!(kinds, [ColumnKind::Number, ColumnKind::Category, ColumnKind::Number]);
    assert_eq!(table.columns()[0].missing(), 2);
    assert_eq!(table.columns()[0].odd_rows(), [3]);
    assert_eq!((table.columns()[2].missing(), table.columns()[2].odd_rows()), (4, vec![]));
    assert_eq!(table.rows_with("x").unwrap(), [0, 1, 4, 5]);
    let some = table.rows(&[5, 3]).unwrap();
    assert_eq!(
        (some.line(0), some.columns()[0].missing(), some.columns()[1].cell(0)),
        (7, 1, Some("c"))
    );
    assert!(table.rows(&[6]).is_err());
}

#[test]
fn words_for_missing_can_be_kept_or_added() {
    let text = "land,x\n\"NA\",1\nDE,-1\nnull,3\nFR,2\n";
    assert_eq!(read(text).unwrap().column("land").unwrap().missing(), 2);
    let with = |options: &CsvOptions| Table::from_csv(text.as_bytes(), "d.csv", options).unwrap();
    let kept =
        with(&CsvOptions { keep_na: true, missing: vec!["-1".into()], ..Default::default() });
    assert_eq!(kept.column("land").unwrap().cell(0), Some("NA"));
    assert_eq!(
        (kept.column("land").unwrap().missing(), kept.column("x").unwrap().missing()),
        (0, 1)
    );
}

#[test]
fn dates_are_a_kind_of_their_own() {
    let table =
        read("a,b,c,d\n2024-01-15,15/01/2024,20240115,9:30\n2024-01-16,3/2/2024,20240116,17:05\n")
            .unwrap();
    let day = 19_737.0 * 86_400.0;
    assert!(table.columns().iter().all(|column| column.kind() == ColumnKind::Time));
    assert_eq!(table.numbers("a").unwrap(), [day, day + 86_400.0]);
    assert_eq!(table.numbers("b").unwrap()[1], 19_756.0 * 86_400.0, "the third of February");
    assert_eq!(table.numbers("c").unwrap()[0], day);
    assert_eq!(table.numbers("d").unwrap(), [34_200.0, 61_500.0]);
    assert!(read("a\n3/4/2024\n").unwrap().columns()[0].written().unwrap().contains("--day-first"));
}

#[test]
fn what_stands_above_the_header_is_left_out() {
    for text in [
        "sep=;\na;b\n1;x\n",
        "\"sep=;\"\r\na;b\r\n1;x\r\n",
        "Sales of 2024\na;b\n1;x\n",
        "Sales of 2024;\n\n;by region\na;b\n1;x\n",
        "# made by hand\n# on a Monday\na;b\n1;x\n",
    ] {
        let table = read(text).unwrap();
        let names: Vec<&str> = table.columns().iter().map(Column::name).collect();
        assert_eq!((names, table.len()), (vec!["a", "b"], 1), "{text:?}");
        assert_eq!(table.line(0), text.trim_end().lines().count(), "{text:?}");
        assert_eq!(table.notes().is_empty(), text.contains("sep"), "{:?}", table.notes());
    }
    let table = read("a,b,a,a\n1,2,3,4\n").unwrap();
    assert_eq!(table.columns()[3].name(), "a.2");
    assert_eq!(table.numbers("a.1").unwrap(), [3.0]);
}

#[test]
fn texts_in_other_encodings() {
    let text = "größe,ort\n1,Köln\n2,Straße\n";
    let latin: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
    let wide = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    let (little, big) = (wide(u16::to_le_bytes), wide(u16::to_be_bytes));
    let marked = [&b"\xff\xfe"[..], &little].concat();
    for bytes in [latin.clone(), marked, [&b"\xfe\xff"[..], &big].concat(), little, big] {
        let table = Table::from_csv(&bytes[..], "d.csv", &CsvOptions::default()).unwrap();
        assert_eq!(table.columns()[0].name(), "größe");
        assert_eq!(table.column("ort").unwrap().cell(1), Some("Straße"));
        assert!(table.notes()[0].contains("Windows-1252") || table.notes()[0].contains("UTF-16"));
    }
    let named = CsvOptions { encoding: Some("iso-8859-7".into()), ..Default::default() };
    let table = Table::from_csv(&b"a\n\xe1\n"[..], "d.csv", &named).unwrap();
    assert_eq!(table.columns()[0].cell(0), Some("α"));
    let unknown = CsvOptions { encoding: Some("klingon".into()), ..Default::default() };
    assert!(
        Table::from_csv(&b"a\n1\n"[..], "d.csv", &unknown)
            .unwrap_err()
            .to_string()
            .contains("klingon")
    );
}

#[test]
fn compressed_and_json_tables() {
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(b"a,b\n1,x\n2,y\n").unwrap();
    let table =
        Table::from_csv(&packer.finish().unwrap()[..], "d.csv.gz", &CsvOptions::default()).unwrap();
    assert_eq!(table.numbers("a").unwrap(), [1.0, 2.0]);
    for text in [
        "{\"b\": \"x\", \"a\": 1, \"at\": {\"town\": \"Oslo\"}}\n\n{\"a\": 2.5, \"ok\": true, \"b\": null}\n",
        "[{\"b\": \"x\", \"a\": 1, \"at\": {\"town\": \"Oslo\"}},\n {\"a\": 2.5, \"ok\": true, \"b\": \"\"}]",
    ] {
        let table = read(text).unwrap();
        let names: Vec<&str> = table.columns().iter().map(Column::name).collect();
        assert_eq!(names, ["b", "a", "at.town", "ok"]);
        assert_eq!(table.numbers("a").unwrap(), [1.0, 2.5]);
        let cells = ["b", "at.town", "ok"].map(|name| table.column(name).unwrap().cell(1));
        assert_eq!(cells, [None, None, Some("true")]);
        assert_eq!(table.column("at.town").unwrap().cell(0), Some("Oslo"));
    }
    for text in [
        "{\"a\": NaN, \"b\": \"NaN \\\" Infinity\"}\n{\"a\": 1.5, \"b\": \"x\"}\n{\"a\": -Infinity, \"b\": \"y\"}",
        "[{\"a\": Infinity, \"b\": \"NaN \\\" Infinity\"}, {\"a\": 1.5}, {\"a\": NaN}]",
        "{\n\"a\": NaN, \"b\": \"NaN \\\" Infinity\"}\n{\"a\": 1.5}\n{\"a\": NaN}",
    ] {
        let table = read(text).unwrap();
        assert_eq!(table.numbers("a").unwrap()[1], 1.5);
        assert_eq!((table.column("a").unwrap().missing(), table.len()), (2, 3));
        assert_eq!(table.column("b").unwrap().cell(0), Some("NaN \" Infinity"));
    }
    error("{\"a\": 1}\n{\"a\": }\n", "d.csv, line 2, column 7: the JSON cannot be read");
    error("[[1, 2]]", "no array of objects");
    error("[]", "there are no rows");
}

#[test]
fn numbers_of_json_have_their_decimals_after_a_point() {
    let numbers = |text: &str| read(text).unwrap().column("x").unwrap().numbers();
    let array = r#"[{"price":"1,5","x":1.234},{"price":"2,75","x":2.125}]"#;
    assert_eq!(numbers(array), [1.234, 2.125]);
    let lines = "{\"price\":\"1,5\",\"x\":null}\n{\"price\":\"2,75\"}\n{\"x\":2.125}\n";
    assert_eq!(numbers(lines)[2], 2.125);
    // Of texts the other columns tell.
    assert_eq!(numbers(&array.replace("2.125", "\"2.125\"")), [1234.0, 2125.0]);
    assert_eq!(read(array).unwrap().column("price").unwrap().numbers(), [1.5, 2.75]);
}

#[test]
fn rows_keep_their_dashes() {
    let table = read("x,y\n-,1\na,2\n-,3\nb,4\n").unwrap();
    let rows = table.rows(&[2, 0, 3]).unwrap();
    let column = rows.column("x").unwrap();
    assert_eq!(column.cells().collect::<Vec<_>>(), [None, None, Some("b")]);
    let dashes = column.clone().with_dashes();
    assert_eq!(dashes.cells().collect::<Vec<_>>(), [Some("-"), Some("-"), Some("b")]);
    assert_eq!(
        rows.rows(&[1]).unwrap().column("x").unwrap().clone().with_dashes().cell(0),
        Some("-")
    );
}

#[test]
fn other_files_are_named_by_their_first_bytes() {
    for (bytes, words) in [
        (&b"\x89PNG\r\n\x1a\n"[..], &["PNG image", "gradtape-files"][..]),
        (b"\xff\xd8\xff\xe0", &["JPEG"]),
        (b"PAR1\x15\x04", &["Parquet", "read_parquet"]),
        (b"PK\x03\x04..[Content_Types].xml", &["xlsx", "CSV"]),
        (b"PK\x03\x04..x.npy", &["npz", "savetxt"]),
        (b"PK\x03\x04..data.csv", &["zip archive", "unpack"]),
        (b"\x93NUMPY\x01", &["npy"]),
        (b"<!DOCTYPE html><html>", &["HTML", "raw file"]),
        (b"\n<html>", &["HTML"]),
        (b"\x28\xb5\x2f\xfd..", &["zstd"]),
        (b"SQLite format 3\0", &["SQLite"]),
        (b"\x80\x04\x95", &["pickle", "to_csv"]),
        (b"MATLAB 5.0 MAT-file", &["MATLAB"]),
        (b"PK\x03\x04..word/document.xml", &["docx"]),
        (b"\x40\0\0\0\0\0\0\0{\"__metadata__\"", &["safetensors"]),
        (b"\xd0\xcf\x11\xe0", &["xls"]),
    ] {
        let text = Table::from_csv(bytes, "d", &CsvOptions::default()).unwrap_err().to_string();
        assert!(words.iter().all(|word| text.contains(word)), "{words:?} are not in: {text}");
    }
    assert_eq!(read("$FL,x\n20,1\n").unwrap().columns()[0].name(), "$FL");
    assert_eq!(read("BMI,x\n20,1\n").unwrap().columns()[0].name(), "BMI");
    assert_eq!(read("[a],b\n20,1\n").unwrap().columns()[0].name(), "[a]");
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
