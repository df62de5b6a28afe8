//! `gradtape fit` as a program.

use crate::common::Folder;

#[test]
fn a_curve_is_fitted_to_a_file() {
    let folder = Folder::new("fit");
    let rows: String = (0..20)
        .map(|i| format!("{i},{},note\n", 3.0 * (1.0 - (-0.2 * f64::from(i)).exp())))
        .collect();
    folder.write("data.csv", format!("x,y,text\n{rows}"));
    let line = "fit b1*(1-exp(-b2*x)) --data data.csv --target y --from b1=1,b2=0.1";
    let json = folder.run(&format!("{line} --format json")).ok().json();
    assert!((json["parameters"]["b1"]["value"].as_f64().unwrap() - 3.0).abs() < 1e-9);
    assert!((json["parameters"]["b2"]["value"].as_f64().unwrap() - 0.2).abs() < 1e-9);
    assert_eq!(json["converged"], true);
    assert!(folder.run(line).ok().stdout.contains("converged after"));

    folder.run("fit b*x --data data.csv --target z --from b=1").fails(2, &["no column \"z\""]);
    folder.run("fit b*x --data data.csv --target y").fails(2, &["`b` is no column"]);
    folder
        .run("fit b*xx --data data.csv --target y --from b=1")
        .fails(2, &["`xx` is no column", "\n    ^\n", "did you mean the column `x`?"]);
    folder.write("gap.csv", "x,y\n1,2\n,3\n4,5\n");
    folder
        .run("fit b*x --data gap.csv --target y --from b=1")
        .fails(1, &["gap.csv, line 3, column \"x\": the value is missing", "leave the row out"]);
    folder.write("twice.csv", "x,x,y\n1,5,2\n2,7,4\n3,1,6.1\n");
    folder
        .run("fit b*x --data twice.csv --target y --from b=1")
        .fails(1, &["two columns are called \"x\"", "column 2", "a name of its own"]);
    folder.write("unused.csv", "x,z,z,y\n1,5,5,2\n2,7,7,4\n3,1,1,6\n");
    folder.run("fit b*x --data unused.csv --target y --from b=1").ok();
    folder.run("fit if.x>1:x=b;x --data data.csv --target y").fails(2, &["fit is for expressions"]);
    folder.run("fit b*text --data data.csv --target y --from b=1").fails(1, &["text"]);
    folder.run("fit b*x --data none.csv --target y --from b=1").fails(1, &["none.csv"]);
    folder.run("fit b*$ --data data.csv --target y --from b=1").fails(2, &["unexpected character"]);
}
