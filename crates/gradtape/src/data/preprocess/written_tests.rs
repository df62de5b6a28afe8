//! Another file is read as the one of the training was written.

use super::super::*;
use crate::data::CsvOptions;

fn table(text: &str) -> Table {
    Table::from_csv(text.as_bytes(), "d.csv", &CsvOptions::default()).unwrap()
}

/// Fitted on a column `x` of these cells, and a target.
fn fit(cells: &[&str]) -> Preprocessing {
    let rows = cells.iter().enumerate().map(|(row, cell)| format!("\"{cell}\";k{}\n", row % 2));
    let table = table(&format!("x;y\n{}", rows.collect::<String>()));
    let rows: Vec<usize> = (0..table.len()).collect();
    let fitted = Preprocessing::fit(&table, "y", &rows, &PreprocessOptions::default()).unwrap();
    // Through its file, as a model is read.
    Preprocessing::from_json(&fitted.to_json()).unwrap()
}

/// The value of a column of numbers that its input stands for, and the notes.
#[track_caller]
fn read(fitted: &Preprocessing, cells: &[&str]) -> (Vec<f64>, String) {
    let rows: String = cells.iter().map(|cell| format!("\"{cell}\"\n")).collect();
    let table = table(&format!("x\n{rows}"));
    let Feature::Number { mean, scale, .. } = fitted.features()[0] else { panic!("no number") };
    let inputs = fitted.inputs(&table).unwrap().to_f64_vec();
    let numbers = inputs.chunks(fitted.width()).map(|row| (row[0] * scale + mean) as f32);
    (numbers.map(f64::from).collect(), fitted.filled(&table).join("\n"))
}

#[track_caller]
fn near(got: &[f64], want: &[f64]) {
    let near = got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-4 * b.abs().max(1e-3));
    assert!(near && got.len() == want.len(), "{got:?} {want:?}");
}

#[test]
fn percentages() {
    let percent = fit(&["10%", "45 %", "80%", "30%"]);
    assert_eq!(percent.written_as("x").as_deref(), Some("in percent"));
    let (numbers, notes) = read(&percent, &["45%"]);
    near(&numbers, &[45.0]);
    assert_eq!(notes, "");
    let (numbers, notes) = read(&percent, &["0.45", "0.1"]);
    near(&numbers, &[45.0, 10.0]);
    assert!(notes.contains("2 without the percent sign"), "{notes}");
    assert!(notes.contains("\"0.45\" (line 2): taken as 45 %"), "{notes}");
    let (numbers, notes) = read(&percent, &["45"]);
    near(&numbers, &[45.0]);
    assert!(notes.contains("\"45\" (line 2): taken as 45 %"), "{notes}");

    let shares = fit(&["0.1", "0.45", "0.8", "0.3"]);
    let (numbers, notes) = read(&shares, &["45%"]);
    near(&numbers, &[0.45]);
    assert!(notes.contains("\"45%\" (line 2): taken as 0.45"), "{notes}");
    let (numbers, notes) = read(&shares, &["0.45", "45%"]);
    near(&numbers, &[0.45, 0.45]);
    assert!(notes.contains("1 with a percent sign"), "{notes}");
    let plain = fit(&["10", "45", "80", "30"]);
    near(&read(&plain, &["45%"]).0, &[45.0]);
}

#[test]
fn percentages_among_shares() {
    let mixed = fit(&["10%", "45%", "0.8", "30%"]);
    let notes = mixed.notes().join("\n");
    assert!(notes.contains("1 without one, such as \"0.8\", taken as 80 %"), "{notes}");
    near(&read(&mixed, &["0.45"]).0, &[45.0]);
    let mixed = fit(&["10%", "0.45", "0.8", "0.3"]);
    let notes = mixed.notes().join("\n");
    assert!(
        notes.contains("1 numbers with a percent sign, such as \"10%\", taken as 0.1"),
        "{notes}"
    );
    near(&read(&mixed, &["20%", "0.5"]).0, &[0.2, 0.5]);
}

#[test]
fn currencies_and_units() {
    let dollars = fit(&["$1,200", "$900", "$1,500.50", "$20"]);
    let (numbers, notes) = read(&dollars, &["€900"]);
    near(&numbers, &[900.0]);
    assert!(notes.contains("amounts in €, in training in $"), "{notes}");
    assert_eq!(read(&dollars, &["USD 900", "900"]).1, "");
    let notes = fit(&["$5", "€7", "$9", "$11"]).notes().join("\n");
    assert!(notes.contains("money in $, €, taken as if they were one currency"), "{notes}");

    let kilograms = fit(&["5 kg", "7.5 kg", "6 kg", "9 kg"]);
    let (numbers, notes) = read(&kilograms, &["5 lb", "5 kg", "6"]);
    near(&numbers[1..], &[5.0, 6.0]);
    assert!(notes.contains("1 is no number, such as \"5 lb\" (line 2)"), "{notes}");
    let durations = fit(&["1h 30m", "45 min", "36:15", "2h"]);
    near(&read(&durations, &["1:30"]).0, &[5400.0]);
}

#[test]
fn decimals() {
    let comma = fit(&["1,5", "2,25", "1.020,5", "3,125"]);
    let (numbers, notes) = read(&comma, &["1,250"]);
    near(&numbers, &[1.25]);
    assert!(
        notes.contains("\"1,250\" (line 2) is taken as 1.25: decimals stood after a comma"),
        "{notes}"
    );
    let (numbers, notes) = read(&comma, &["1.5", "2.25"]);
    near(&numbers, &[1.5, 2.25]);
    assert!(notes.contains("decimals stand after a point, in training after a comma"), "{notes}");
    let point = fit(&["1.5", "2.25", "1,020.5", "3.125"]);
    near(&read(&point, &["1,250"]).0, &[1250.0]);
    near(&read(&point, &["1,5"]).0, &[1.5]);
    assert!(read(&point, &["1.125"]).1.is_empty());
}

#[test]
fn days_and_months() {
    let seconds = |fitted: &Preprocessing, cells: &[&str]| {
        let rows: String = cells.iter().map(|cell| format!("{cell}\n")).collect();
        let table = table(&format!("x\n{rows}"));
        let Feature::Time { parts, .. } = &fitted.features()[0] else { panic!("no date") };
        let Part::Elapsed { mean, scale } = parts[0] else { panic!("nothing elapsed") };
        let inputs = fitted.inputs(&table).unwrap().to_f64_vec();
        let days = inputs.chunks(fitted.width());
        let days = days.map(|row| ((row[0] * scale + mean) / 86_400.0).round()).collect::<Vec<_>>();
        (days, fitted.filled(&table).join("\n"))
    };
    let (second_of_january, first_of_february, tenth_of_march) = (19_724.0, 19_754.0, 19_792.0);
    let month = fit(&["01/15/2024", "03/04/2024", "05/06/2024", "12/31/2024"]);
    let day = fit(&["15/01/2024", "03/04/2024", "05/06/2024", "31/12/2024"]);
    assert_eq!(month.written_as("x").as_deref(), Some("the month first"));
    assert_eq!(seconds(&month, &["01/02/2024"]), (vec![second_of_january], String::new()));
    assert_eq!(seconds(&day, &["01/02/2024"]), (vec![first_of_february], String::new()));
    // A file that says otherwise of itself is read as it says.
    let (days, notes) = seconds(&month, &["13/02/2024", "01/02/2024"]);
    assert_eq!(days[1], first_of_february);
    assert!(
        notes.contains("\"13/02/2024\" (line 2) has the day first, in training the month"),
        "{notes}"
    );
    // One that says both is read as the training was.
    let (days, notes) = seconds(&month, &["01/02/2024", "03/20/2024", "13/02/2024", "03/10/2024"]);
    assert_eq!([days[0], days[3]], [second_of_january, tenth_of_march]);
    assert!(notes.contains("\"13/02/2024\" (line 4) has the day first"), "{notes}");
    assert!(notes.contains("such dates are missing"), "{notes}");
    let table = table("x\n03/20/2024\n13/02/2024\n");
    let error = month.strict(&table).unwrap_err().to_string();
    assert!(error.contains("line 3, column \"x\": \"13/02/2024\" is not a date"), "{error}");
}

#[test]
fn a_dash_is_missing_but_not_beside_a_plus() {
    let named = fit(&["a", "-", "b", "a", "-"]);
    let Feature::Category { categories, missing, .. } = &named.features()[0] else { panic!() };
    assert_eq!((categories.names(), *missing), (&["a".to_string(), "b".to_string()][..], true));
    let notes = named.notes().join("\n");
    assert!(notes.contains("2 cells such as \"-\" are taken as missing"), "{notes}");
    let strands = fit(&["+", "-", "+", "-"]);
    let Feature::Category { categories, .. } = &strands.features()[0] else { panic!() };
    assert_eq!(categories.names(), ["+", "-"]);
    assert_eq!(strands.inputs(&table("x\n-\n")).unwrap().to_f64_vec(), [0.0, 1.0]);
}

#[test]
fn models_of_earlier_versions_are_read_as_before() {
    let text = r#"{"version":2,"features":[{"kind":"number","column":"x","mean":45.0,"scale":10.0}],
        "target":{"kind":"number","column":"y","mean":1.0,"scale":2.0},"notes":[]}"#;
    let old = Preprocessing::from_json(text).unwrap();
    assert_eq!(read(&old, &["45%"]), (vec![45.0], String::new()));
    near(&read(&old, &["0.45"]).0, &[0.45]);
    let outputs = Tensor::from([[0.5f32]]);
    assert_eq!(old.predicted_numbers(&outputs).unwrap(), [2.0]);
    assert!(old.written_as("x").is_none());
}

#[test]
fn numbers_of_tickets_are_left_out() {
    let fit = |name: &str, cells: &dyn Fn(usize) -> String| {
        let rows = (0..40).map(|row| format!("{},{},k{}\n", cells(row), row % 7, row % 2));
        let table = table(&format!("{name},x,y\n{}", rows.collect::<String>()));
        let rows: Vec<usize> = (0..40).collect();
        let fitted = Preprocessing::fit(&table, "y", &rows, &PreprocessOptions::default()).unwrap();
        (fitted.features().len() == 2, fitted.notes().join("\n"))
    };
    for name in ["counter", "number"] {
        let (kept, notes) = fit(name, &|row| (row + 1).to_string());
        assert!(!kept && notes.contains("left out: it only numbers the rows"), "{notes}");
        assert!(notes.contains(&format!("--numbers {name}")), "{notes}");
    }
    assert!(!fit("counter", &|row| (5000 + (row * 7) % 40).to_string()).0, "in another order");
    assert!(!fit("ticket", &|row| (1000 + row * row).to_string()).0, "by its name");
    assert!(fit("year", &|row| (1980 + row).to_string()).0);
    assert!(fit("depth", &|row| (10 * row).to_string()).0, "measured in steps");
    assert!(fit("size", &|row| (1000 + row * row).to_string()).0);
}

#[test]
fn targets_with_a_heavy_tail_come_back() {
    let amount = |row: usize| ((row * 37 % 101) as f64 / 12.0).exp();
    let rows: String = (0..101).map(|row| format!("{},{}\n", row % 7, amount(row))).collect();
    let table = table(&format!("x,y\n{rows}"));
    let all: Vec<usize> = (0..101).collect();
    let of = |transform| {
        let options = PreprocessOptions { transform, ..Default::default() };
        Preprocessing::fit(&table, "y", &all, &options).unwrap()
    };
    let fitted = of(TransformChoice::Asinh);
    assert!(matches!(fitted.target(), Target::Number { transform: Transform::Asinh { .. }, .. }));
    let fitted = of(TransformChoice::Log);
    let targets = fitted.targets(&table).unwrap();
    let spread = targets.to_f64_vec().into_iter().map(f64::abs).fold(0.0, f64::max);
    assert!(spread < 2.5, "{spread}");
    let back = fitted.target_numbers(&targets).unwrap();
    (0..101).for_each(|row| near(&[back[row]], &[amount(row)]));
    // What is predicted is the mean over the errors, which is above the middle.
    let told = fitted.clone().with_errors(&[-0.5, 0.0, 0.5]);
    let again = Preprocessing::from_json(&told.to_json()).unwrap();
    let middle = fitted.predicted_numbers(&Tensor::from([[0f32]])).unwrap()[0];
    let mean = again.predicted_numbers(&Tensor::from([[0f32]])).unwrap()[0];
    assert!(mean > 1.05 * middle, "{mean} {middle}");
    let wrong = told.to_json().replace(r#""unit":"#, r#""unit":-"#);
    assert!(Preprocessing::from_json(&wrong).is_err());
    assert_eq!(of(TransformChoice::None).with_errors(&[1.0]), of(TransformChoice::None));
}

#[test]
fn truths_far_beyond_training_come_back() {
    let amount = |row: usize| ((row * 37 % 101) as f64 / 12.0).exp();
    let rows: String = (0..101).map(|row| format!("{},{}\n", row % 7, amount(row))).collect();
    let known = table(&format!("x,y\n{rows}"));
    let far = table("x,y\n1,1e8\n2,-1e8\n3,0\n");
    let all: Vec<usize> = (0..101).collect();
    for transform in [TransformChoice::Log, TransformChoice::Asinh] {
        let options = PreprocessOptions { transform, ..Default::default() };
        let fitted = Preprocessing::fit(&known, "y", &all, &options).unwrap();
        let targets = fitted.targets(&far).unwrap();
        let back = fitted.target_numbers(&targets).unwrap();
        for (got, want) in back.iter().zip([1e8, -1e8, 0.0]) {
            assert!((got - want).abs() < 1e-4 * want.abs().max(10.0), "{got} {want}");
        }
        // A network is not believed so far.
        let answer = fitted.predicted_numbers(&targets).unwrap()[0];
        assert!(answer < 1e6, "{answer}");
    }
}

#[test]
fn numbers_that_came_as_such_stay() {
    let comma = fit(&["1,5", "2,75", "3,25", "4,5"]);
    near(&read(&comma, &["1.234"]).0, &[1234.0]);
    let mut typed = crate::data::TableBuilder::new("d.parquet", &CsvOptions::default());
    let x = typed.column("x");
    typed.numbers(x);
    typed.push(x, "1.234");
    let typed = typed.finish().unwrap();
    let Feature::Number { mean, scale, .. } = comma.features()[0] else { panic!("no number") };
    let inputs = comma.inputs(&typed).unwrap().to_f64_vec();
    near(&[inputs[0] * scale + mean], &[1.234]);
    assert_eq!(comma.filled(&typed), [""; 0]);
}
