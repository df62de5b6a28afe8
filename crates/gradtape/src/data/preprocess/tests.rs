#[path = "written_tests.rs"]
mod written;

use super::*;
use crate::data::{CsvOptions, Fractions, digits, iris};
use crate::tensor::Rng;

const PEOPLE: &str = "\
age,city,note,empty,group
20,Oslo,a,,1
30,Bergen,b,,0
,Oslo,c,,1.0
40,?,d,,0
";

fn table(text: &str) -> Table {
    Table::from_csv(text.as_bytes(), "d.csv", &CsvOptions::default()).unwrap()
}

fn fit(text: &str, target: &str) -> Result<Preprocessing> {
    let table = table(text);
    let rows: Vec<usize> = (0..table.len()).collect();
    Preprocessing::fit(&table, target, &rows, &PreprocessOptions::default())
}

#[track_caller]
fn error<T>(result: Result<T>, expected: &str) {
    match result {
        Ok(_) => panic!("no error; expected {expected}"),
        Err(error) => assert!(error.to_string().contains(expected), "{error}"),
    }
}

#[test]
fn columns_become_numbers() {
    let table = table(PEOPLE);
    let fitted =
        Preprocessing::fit(&table, "group", &[0, 1, 2], &PreprocessOptions::default()).unwrap();
    let names = ["age", "age is missing", "city=Bergen", "city=Oslo", "note=a", "note=b", "note=c"];
    assert_eq!(fitted.feature_names(), names);
    assert_eq!((fitted.width(), fitted.outputs(), fitted.task()), (7, 2, Task::Classification));
    let data = fitted.dataset(&table).unwrap();
    let inputs = data.inputs().to_vec::<f32>().unwrap();
    // Mean 25 and deviation 5 come from the three training rows alone; 40 is row 3.
    let first: Vec<f32> = inputs.chunks(7).map(|row| row[0]).collect();
    assert_eq!(first, [-1.0, 1.0, 0.0, 3.0]);
    let missing: Vec<f32> = inputs.chunks(7).map(|row| row[1]).collect();
    assert_eq!(missing, [0.0, 0.0, 1.0, 0.0]);
    let city: Vec<&[f32]> = inputs.chunks(7).map(|row| &row[2..4]).collect();
    assert_eq!(city, [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]);
    assert_eq!(data.labels().unwrap(), [1, 0, 1, 0]);
    assert_eq!(data.classes(), ["0", "1"]);
    let notes = fitted.notes().join("\n");
    assert!(
        notes.contains("\"age\": 1 of 4 values missing, taken as a value of its own"),
        "{notes}"
    );
    assert!(notes.contains("\"city\": 1 of 4 values missing, taken as none"), "{notes}");
    assert!(notes.contains("\"empty\" left out: every value is missing"), "{notes}");
}

#[test]
fn regression_targets_are_standardised_and_come_back() {
    let text = "x,y\n1,10.5\n2,20.5\n3,30.5\n";
    let fitted = fit(text, "y").unwrap();
    assert_eq!(fitted.task(), Task::Regression);
    let targets = fitted.targets(&table(text)).unwrap();
    assert_eq!(targets.shape()[..], [3, 1]);
    let back = fitted.predicted_numbers(&targets).unwrap();
    for (got, want) in back.iter().zip([10.5, 20.5, 30.5]) {
        assert!((got - want).abs() < 1e-5, "{got} {want}");
    }
    assert!(fitted.classes().is_none());
    error(fit("x,y\n1,a\n2,b\n", "y").unwrap().predicted_numbers(&targets), "is a class");
}

#[test]
fn the_user_decides_otherwise() {
    let table = table("zip,x,y\n1,1.5,3\n2,2.5,4\n1,3.5,5\n");
    let rows = [0, 1, 2];
    let options = PreprocessOptions {
        task: Some(Task::Classification),
        categories: vec!["zip".into()],
        ignore: vec!["x".into()],
        ..Default::default()
    };
    let fitted = Preprocessing::fit(&table, "y", &rows, &options).unwrap();
    assert_eq!(fitted.feature_names(), ["zip=1", "zip=2"]);
    assert_eq!(fitted.classes().unwrap().names(), ["3", "4", "5"]);

    let with = |options| Preprocessing::fit(&table, "y", &rows, &options);
    let unknown = PreprocessOptions { ignore: vec!["zipp".into()], ..Default::default() };
    error(with(unknown), "did you mean \"zip\"?");
    let target = PreprocessOptions { ignore: vec!["y".into()], ..Default::default() };
    error(with(target), "is the target and also");
    let nothing =
        PreprocessOptions { ignore: vec!["x".into(), "zip".into()], ..Default::default() };
    error(with(nothing), "no column to learn from");
    let regression = PreprocessOptions { task: Some(Task::Regression), ..Default::default() };
    let words = super::tests::table("x,y\n1,a\n2,b\n");
    let fitted = Preprocessing::fit(&words, "y", &[0, 1], &regression);
    error(fitted, "d.csv, line 2, column \"y\": \"a\" is not a number");
    let listed = PreprocessOptions { categories: vec!["y".into()], ..Default::default() };
    assert_eq!(with(listed).unwrap().task(), Task::Classification);
}

#[test]
fn targets_that_cannot_be_learned() {
    error(fit("x,y\n1,a\n2,\n3,b\n", "y"), "d.csv, line 3, column \"y\": the target is missing");
    error(fit("x,y\n1,1.5\n2,?\n3,2.5\n", "y"), "line 3, column \"y\": the target is missing");
    error(fit("x,y\n1,a\n2,a\n", "y"), "only the class \"a\"");
    error(fit("x,y\n1,5\n2,5\n", "y"), "only the class \"5\"");
    error(fit("x,y\n1,\n2,\n", "y"), "every value of column \"y\" is missing");
    error(fit("x,label\n1,a\n2,b\n", "lable"), "did you mean \"label\"?");
    error(fit("x,y\n1,2\n3,4.5\n5,six\n", "y"), "line 4, column \"y\": \"six\" is not a number");
    error(
        fit("x,y\n1,2024-01-01\n3,2024-01-02\n", "y"),
        "column \"y\" holds dates, which are not predicted",
    );
    let mut names = String::from("x,y\n");
    names.extend((0..30).map(|i| format!("{i},name{i}\n")));
    error(
        fit(&names, "y"),
        "30 different values in 30 rows, such as \"name0\"; these are not classes",
    );
    let table = table("x,y\n1,a\n2,b\n");
    let options = PreprocessOptions::default();
    error(Preprocessing::fit(&table, "y", &[0, 2], &options), "no row 2 in a table of 2 rows");
    error(Preprocessing::fit(&table, "y", &[], &options), "no column to learn from");
}

#[test]
fn inputs_that_cannot_be_learned_from() {
    error(fit("x,y\n1e308,a\n-1e308,b\n", "y"), "column \"x\": the spread of its values overflows");
    error(fit("y\na\nb\n", "y"), "no column to learn from");
    let mut text = String::from("id,x,y\n");
    text.extend((0..40).map(|i| format!("id{i},{i},{}\n", ["a", "b"][i % 2])));
    let fitted = fit(&text, "y").unwrap();
    assert_eq!(fitted.feature_names(), ["x"]);
    assert!(fitted.notes()[0].contains("\"id\" left out: 40 different values in 40 rows"));
}

#[test]
fn new_data_that_does_not_fit() {
    let fitted = fit("age,city,y\n20,Oslo,a\n30,Bergen,b\n", "y").unwrap();
    let inputs = |text: &str| fitted.inputs(&table(text));
    // Order and other columns do not matter.
    let same = inputs("more,city,age\n1,Oslo,20\n").unwrap();
    assert_eq!(same.to_vec::<f32>().unwrap(), [-1.0, 0.0, 1.0]);
    error(inputs("age,cty\n20,Oslo\n"), "no column \"city\"");
    error(inputs("age,cty\n20,Oslo\n"), "did you mean \"cty\"?");
    error(inputs("a,b\n20,Oslo\n"), "no column \"city\"");
    let new =
        table("age,city\n20,Oslo\n21,Rome\nold,Oslo\ninf,Bergen\n35,Oslo\n36,Oslo\n37,Oslo\n");
    assert_eq!(
        fitted.inputs(&new).unwrap().to_vec::<f32>().unwrap()[3..9],
        [-0.8, 0.0, 0.0, 0.0, 0.0, 1.0]
    );
    let told = fitted.filled(&new).join("\n");
    for words in [
        "\"age\": 2 of 7 values missing, taken as the mean 25; 2 are no number, such as \"old\" (line 4)",
        "\"city\": 1 of 7 values were not trained on, such as \"Rome\" (line 3)",
    ] {
        assert!(told.contains(words), "{told}");
    }
    let strict = fitted.strict(&new).unwrap_err().to_string();
    for words in [
        "line 4, column \"age\": \"old\" is not a number",
        "line 3, column \"city\": \"Rome\" is unknown",
        "or leave them empty",
    ] {
        assert!(strict.contains(words), "{strict}");
    }
    assert!(fitted.strict(&table("age,city\n20,Oslo\n")).is_ok());
    error(inputs("age,city\n1e300,Oslo\n"), "line 2, column \"age\": 1e300 is too far");
    let holes = "age,city\nnan,\n20,Oslo\n";
    assert_eq!(inputs(holes).unwrap().to_vec::<f32>().unwrap()[..3], [0.0; 3]);
    let filled = fitted.filled(&table(holes));
    assert!(
        filled[0].contains("\"age\": 1 of 2 values missing, taken as the mean 25"),
        "{filled:?}"
    );
    assert!(filled[1].contains("\"city\": 1 of 2 values missing"), "{filled:?}");
    assert!(fitted.filled(&table("age,city\n20,Oslo\n")).is_empty());
    let targets = |text: &str| fitted.targets(&table(text));
    error(targets("y\na\nc\n"), "d.csv, line 3, column \"y\": \"c\" is unknown");
    error(targets("x\na\n"), "no column \"y\"");
    assert_eq!(targets("y\nb\n").unwrap().to_vec::<i64>().unwrap(), [1]);
}

#[test]
fn classes_written_as_numbers_are_compared_as_numbers() {
    let fitted = fit("x,y\n1,10\n2,9\n3,10.0\n4,9\n", "y").unwrap();
    assert_eq!(fitted.classes().unwrap().names(), ["9", "10"]);
    let targets = fitted.targets(&table("y\n1e1\n+9\n")).unwrap();
    assert_eq!(targets.to_vec::<i64>().unwrap(), [1, 0]);
    error(fitted.targets(&table("y\n11\n")), "line 2, column \"y\": \"11\" is unknown");
}

#[test]
fn json_reads_back_bit_for_bit() {
    let third = 1.0 / 3.0;
    let text = format!("x,c,y\n{third},ä,0.1\n7e-12,\"b\"\"\",0.7\n123456.7890123,c,{third}\n");
    let fitted = fit(&text, "y").unwrap();
    assert_eq!(Preprocessing::from_json(&fitted.to_json()).unwrap(), fitted);
    let fitted = fit(PEOPLE, "group").unwrap();
    assert_eq!(Preprocessing::from_json(&fitted.to_json()).unwrap(), fitted);
}

#[test]
fn the_json_form_is_stable() {
    let json = fit("x,c,y\n1,a,0\n3,b,1\n1,a,0\n3,b,1\n", "y").unwrap().to_json();
    let expected = concat!(
        r#"{"version":3,"features":[{"kind":"number","column":"x","mean":2.0,"scale":1.0},"#,
        r#"{"kind":"category","column":"c","categories":["a","b"]}],"#,
        r#""target":{"kind":"classes","column":"y","numeric":true,"classes":["0","1"]},"#,
        r#""notes":[]}"#
    );
    assert_eq!(json, expected);
    let json = fit("x,y\n1,0.5\n3,1.5\n", "y").unwrap().to_json();
    let target = r#""target":{"kind":"number","column":"y","mean":1.0,"scale":0.5}"#;
    assert!(json.contains(target), "{json}");
}

#[test]
fn damaged_json_is_an_error() {
    let json = fit("x,c,y\n1,a,0.5\n3,b,1.5\n", "y").unwrap().to_json();
    for length in 0..json.len() {
        error(Preprocessing::from_json(&json[..length]), "cannot be read");
    }
    let change = |from: &str, to: &str| {
        assert!(json.contains(from));
        Preprocessing::from_json(&json.replacen(from, to, 1))
    };
    error(change("\"version\":3", "\"version\":4"), "version 4");
    for earlier in ["1", "2"] {
        let version = format!("\"version\":{earlier}");
        assert!(change("\"version\":3", &version).is_ok(), "earlier forms are read");
    }
    error(change("\"scale\":1.0", "\"scale\":0.0"), "column \"x\": mean 2 and scale 0");
    error(change("\"scale\":0.5", "\"scale\":-1"), "column \"y\"");
    error(change("\"scale\":0.5", "\"scale\":1e999"), "cannot be read");
    error(change("[\"a\",\"b\"]", "[\"a\",\"a\"]"), "column \"c\": categories 0 and 1");
    error(change("[\"a\",\"b\"]", "[]"), "column \"c\" has no categories");
}

#[test]
fn splits_are_stratified_by_the_target() {
    let mut text = String::from("x,y\n");
    text.extend((0..100).map(|i| format!("{i},{}\n", if i % 10 == 0 { "rare" } else { "often" })));
    let table = table(&text);
    let fractions = Fractions { validation: 0.1, test: 0.2 };
    let options = PreprocessOptions::default();
    let rows = table.split_rows("y", &options, fractions, 1).unwrap();
    let rare = |rows: &[usize]| rows.iter().filter(|&&row| row % 10 == 0).count();
    assert_eq!([rare(&rows.train), rare(&rows.validation), rare(&rows.test)], [7, 1, 2]);
    assert_eq!(rows, table.split_rows("y", &options, fractions, 1).unwrap());
    let rows = table.split_rows("x", &options, fractions, 1).unwrap();
    assert_eq!([rows.train.len(), rows.validation.len(), rows.test.len()], [70, 10, 20]);
}

#[test]
fn a_table_of_pixels_is_prepared_like_the_images() {
    let digits = digits();
    let fixed = Preprocessing::fixed(&digits, "label", 0.0, 16.0).unwrap();
    assert_eq!((fixed.width(), fixed.outputs()), (64, 10));
    let grey: Vec<f32> = digits.inputs().to_vec::<f32>().unwrap()[..64].to_vec();
    let header: Vec<String> = (0..64).map(|i| format!("p{i}")).collect();
    let cells: Vec<String> = grey.iter().map(|grey| (grey * 16.0).to_string()).collect();
    let table = table(&format!("{},label\n{},0\n", header.join(","), cells.join(",")));
    assert_eq!(fixed.inputs(&table).unwrap().to_vec::<f32>().unwrap(), grey);
    assert_eq!(fixed.targets(&table).unwrap().to_vec::<i64>().unwrap(), [0]);
    for (mean, scale) in [(f64::NAN, 1.0), (0.0, 0.0), (0.0, -1.0), (0.0, f64::INFINITY)] {
        assert!(Preprocessing::fixed(&digits, "label", mean, scale).is_err());
    }
    let iris = Preprocessing::fixed(&iris(), "species", 0.0, 1.0).unwrap();
    assert_eq!(iris.classes().unwrap().names()[2], "virginica");
}

#[test]
fn whatever_a_table_holds_it_is_prepared_or_refused() {
    let cells =
        ["1", "2", "-3.5", "a", "b", "", "?", "inf", "1e308", "-1e308", "\"1,5\"", "é", "0"];
    let mut rng = Rng::new(11);
    let (mut prepared, mut refused) = (0, 0);
    for _ in 0..3000 {
        // Few different cells in a column, so that many tables make sense.
        let kinds: Vec<Vec<&str>> =
            (0..3).map(|_| (0..2).map(|_| cells[rng.below(cells.len())]).collect()).collect();
        let mut text = String::from("x,y,z\n");
        for _ in 0..1 + rng.below(30) {
            let row: Vec<&str> = kinds.iter().map(|kind| kind[rng.below(kind.len())]).collect();
            text.push_str(&format!("{}\n", row.join(",")));
        }
        let Ok(table) = Table::from_csv(text.as_bytes(), "d.csv", &CsvOptions::default()) else {
            continue;
        };
        let task = [None, Some(Task::Classification), Some(Task::Regression)][rng.below(3)];
        let options = PreprocessOptions { task, ..Default::default() };
        let fractions = Fractions { validation: 0.1, test: 0.2 };
        let fitted = table
            .split_rows("y", &options, fractions, 1)
            .and_then(|rows| Preprocessing::fit(&table, "y", &rows.train, &options));
        match fitted.and_then(|fitted| Ok((fitted.dataset(&table)?, fitted))) {
            Ok((data, fitted)) => {
                assert!(data.inputs().to_f64_vec().iter().all(|value| value.is_finite()));
                assert!(data.targets().to_f64_vec().iter().all(|value| value.is_finite()));
                assert_eq!(data.inputs().shape()[..], [table.len(), fitted.width()]);
                assert_eq!(Preprocessing::from_json(&fitted.to_json()).unwrap(), fitted);
                prepared += 1;
            }
            Err(error) => {
                assert!(error.to_string().contains("d.csv"), "{error}");
                refused += 1;
            }
        }
    }
    assert!(prepared > 300 && refused > 300, "{prepared} {refused}");
}

#[test]
fn columns_that_tell_nothing() {
    let row = |i: usize| format!("{i},{},7,2024-01-{:02},{i}.5%,{}\n", i + 100, i + 1, (i % 5) * 3);
    let text = ",id,same,day,share,x,y\n".to_string();
    let text = text
        + &(0..30).map(|i| row(i).replace('\n', &format!(",{}.5\n", i % 4))).collect::<String>();
    let fitted = fit(&text, "y").unwrap();
    let names = fitted.feature_names();
    assert_eq!(names, ["day:elapsed", "day:weekday sine", "day:weekday cosine", "share", "x"]);
    let notes = fitted.notes().join("\n");
    for expected in [
        "\"unnamed_1\" left out: it only numbers the rows, and has no name",
        "\"id\" left out: it only numbers the rows (--numbers id uses it)",
        "\"same\" left out: 7 in every training row",
        "\"day\": dates, taken as the time elapsed, the day of the week",
        "\"share\": percentages, taken as the number before the sign",
    ] {
        assert!(notes.contains(expected), "{expected:?} is not in: {notes}");
    }
    let many = "a,b,c,d,e,f,x,y\n1,1,1,1,1,1,2,2.5\n1,1,1,1,1,1,3,3.5\n";
    let lines = fit(many, "y").unwrap().notes().to_vec();
    assert_eq!(lines, ["6 columns left out, \"a\" to \"f\": the same in every training row"]);
    error(fit("x,y\n1,7.5\n2,7.5\n", "y"), "column \"y\" is 7.5 in every training row");
    error(fit("x,y\n1,7.5\n", "y"), "column \"y\" is 7.5 in every training row");
}

#[test]
fn dates_become_numbers_and_unseen_ones_are_no_trouble() {
    let mut text = String::from("when,size,price\n");
    text.extend((0..60).map(|i| {
        format!("2024-{:02}-{:02} {:02}:30,{},{}.5\n", 1 + i / 28, 1 + i % 28, i % 24, i % 7, i)
    }));
    let fitted = fit(&text, "price").unwrap();
    let parts = [
        "elapsed",
        "month sine",
        "month cosine",
        "weekday sine",
        "weekday cosine",
        "hour sine",
        "hour cosine",
    ];
    let names: Vec<String> = parts.iter().map(|part| format!("when:{part}")).collect();
    assert_eq!(fitted.feature_names()[..7], names);
    let new = fitted
        .inputs(&table("when,size\n2031-07-04 06:00,1\n,2\nsoon,2\n5 July 2031,2\n"))
        .unwrap();
    let rows = new.to_vec::<f32>().unwrap();
    assert!((rows[5] - 1.0).abs() < 1e-6 && rows[6].abs() < 1e-6, "a quarter of the day: {rows:?}");
    assert!(rows[0] > 10.0, "far beyond what was trained on: {rows:?}");
    assert_eq!(rows[8..15], [0.0; 7], "no date");
    assert_eq!(Preprocessing::from_json(&fitted.to_json()).unwrap(), fitted);
    // What the day is was found in training, and holds for files that do not tell.
    let first = fit("d,y\n25.3.2024,1.5\n4.5.2024,2.5\n", "y").unwrap();
    let same = |text: &str| first.inputs(&table(text)).unwrap().to_f64_vec();
    assert_eq!(same("d\n4/5/2024\n"), same("d\n4 May 2024\n"));
}

#[test]
fn codes_and_names_of_rows_are_no_amounts() {
    let mut text = String::from("customer_id,zip,plant,Unnamed: 0,y\n");
    text.extend((0..60).map(|i| {
        format!(
            "{},{},{:03},{i},{}\n",
            7919 * i % 997,
            10_000 + 37 * (i % 5),
            i % 4,
            ["a", "b"][i % 2]
        )
    }));
    let fitted = fit(&text, "y").unwrap();
    let notes = fitted.notes().join("\n");
    for expected in [
        "\"customer_id\" left out: it names the rows, 60 different values in 60 rows",
        "\"zip\": its 5 numbers are taken as names, not as amounts (--numbers zip for amounts)",
        "\"plant\": its 4 numbers are taken as names",
        "\"Unnamed: 0\" left out: it only numbers the rows",
    ] {
        assert!(notes.contains(expected), "{expected:?} is not in: {notes}");
    }
    assert_eq!(fitted.feature_names()[4..7], ["zip=10148", "plant=000", "plant=001"]);
    let row = |text: &str| fitted.inputs(&table(text)).unwrap().to_f64_vec();
    assert_eq!(row("zip,plant\n10148.0,001\n"), row("zip,plant\n10148,001\n"));
    let all: Vec<usize> = (0..60).collect();
    let numbers = ["zip", "customer_id", "Unnamed: 0"].map(String::from).to_vec();
    let options = PreprocessOptions { numbers, ..Default::default() };
    let fitted = Preprocessing::fit(&table(&text), "y", &all, &options).unwrap();
    assert_eq!(fitted.feature_names()[..2], ["customer_id", "zip"]);
}

#[test]
fn yes_and_no_are_two_in_any_spelling() {
    let text = "x,ok,y\n1,TRUE,yes\n2,false,Yes\n3,True,no\n4,False,No\n5,True,no\n6,False,yes\n";
    let fitted = fit(text, "y").unwrap();
    assert_eq!(fitted.classes().unwrap().names(), ["no", "yes"]);
    assert_eq!(fitted.feature_names(), ["x", "ok=False", "ok=True"]);
    let new = table("x,ok,y\n1,t,Y\n2,0,NO\n");
    assert_eq!(fitted.targets(&new).unwrap().to_vec::<i64>().unwrap(), [1, 0]);
    let rows = fitted.inputs(&new).unwrap().to_f64_vec();
    assert_eq!((&rows[1..3], &rows[4..6]), (&[0.0, 1.0][..], &[1.0, 0.0][..]));
}

#[test]
fn texts_become_hashed_words_and_many_categories_the_most_frequent() {
    let mut text = String::from("remark,town,y\n");
    for i in 0..2400 {
        let town = if i < 1200 { i / 2 } else { i - 600 };
        let word = if i % 3 == 0 { "very good" } else { "rather bad" };
        text.push_str(&format!("\"{word}, no {i}\",town {town},{}\n", ["a", "b"][i % 3 / 2]));
    }
    let fitted = fit(&text, "y").unwrap();
    let notes = fitted.notes().join("\n");
    assert!(notes.contains("\"remark\": texts, taken as 4 hashed words"), "{notes}");
    assert!(notes.contains("\"town\" left out: 1800 different values in 2400 rows"), "{notes}");
    assert_eq!(fitted.width(), 4);
    let rows = fitted.inputs(&table("remark\nGOOD! Very.\nbad\nother\n")).unwrap().to_f64_vec();
    let sums: Vec<f64> = rows.chunks(4).map(|row| row.iter().sum()).collect();
    assert_eq!(sums, [2.0, 1.0, 0.0]);
    assert_eq!(Preprocessing::from_json(&fitted.to_json()).unwrap(), fitted);
    // Of more than 1,000 that repeat, those that do so most.
    let mut text = String::from("town,y\n");
    text.extend(
        (0..3000).map(|i| format!("t{},{}.5\n", if i < 2990 { i % 1100 } else { 1 }, i % 9)),
    );
    let fitted = fit(&text, "y").unwrap();
    assert_eq!(fitted.width(), 1000);
    assert!(fitted.feature_names().contains(&"town=t1".to_string()));
    assert!(
        fitted.notes()[0].contains("of 1100 categories the 1000 most frequent are told apart"),
        "{:?}",
        fitted.notes()
    );
}
