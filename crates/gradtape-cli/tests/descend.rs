//! `gradtape descend` as a program.

use crate::common::{Folder, contains, run};
use gradtape::optim::{HyperValue, Hyperparameter, NAMES, OPTIMIZERS, info};

#[test]
fn a_path_as_json() {
    let json =
        run("descend x^2+y --from x=-1.5,y=2 --optimizer adam --lr 0.05 --steps 50 --format json");
    let json = json.ok().json();
    assert_eq!(
        (json["optimizer"].as_str(), json["stopped"].as_str()),
        (Some("adam"), Some("steps"))
    );
    assert_eq!(json["steps"].as_array().unwrap().len(), 51);
    let first = &json["steps"][0];
    assert_eq!(first["at"]["x"], -1.5);
    assert_eq!(
        (first["value"].as_f64(), first["gradient"]["x"].as_f64()),
        (Some(4.25), Some(-3.0))
    );
    assert_eq!(json["steps"][50]["step"], 50);
}

#[test]
fn several_optimisers_in_every_format() {
    let line = "descend x^2+10*y^2 --from x=3,y=1 --optimizer sgd,momentum,adam --lr 0.05 --format";
    assert_eq!(run(&format!("{line} json")).ok().json().as_array().unwrap().len(), 3);
    assert!(
        run(&format!("{line} text")).ok().stdout.contains("by momentum with learning rate 0.05")
    );
    assert!(run(&format!("{line} text")).ok().stdout.contains("Where they ended\n"));
    let csv = run(&format!("{line} csv")).ok().stdout;
    assert!(
        csv.starts_with("path,step,x,y,value,d_x,d_y,step_x,step_y,momentum_buffer_x,"),
        "{csv}"
    );
    assert!(csv.contains("\nsgd,0,3,1,19,6,20,-0.29"), "{csv}");
    let one = run("descend x^2 --from x=1 --steps 1 --lr 0.5 --format csv").ok().stdout;
    assert_eq!(one, "step,x,value,d_x,step_x\n0,1,1,2,-1\n1,0,0,0,\n");
    let svg = run(&format!("{line} svg")).ok().stdout;
    assert!(
        svg.starts_with("<svg") && svg.contains(">\nmomentum\n<") && !svg.contains("NaN"),
        "{svg}"
    );
    let drawn = run(&format!("{line} terminal")).ok().stdout;
    assert!(
        drawn.contains("momentum") && drawn.contains('●') && !drawn.contains('\x1b'),
        "{drawn}"
    );
    let json = run("descend x^4 --from x=9 --lr 1 --format json").ok().json();
    assert_eq!(json["stopped"], "diverged");
}

/// A flag with a value that is in range.
fn flag(known: &Hyperparameter) -> String {
    let flag = format!("--{}", known.name.replace('_', "-"));
    match known.default {
        HyperValue::Flag(_) => flag,
        value => format!("{flag} {value}"),
    }
}

#[test]
fn every_optimiser_takes_the_flags_of_its_settings_and_no_others() {
    let others = || OPTIMIZERS.iter().flat_map(|info| info.hyperparameters);
    for name in NAMES {
        let line = format!("descend x^2 --from x=1 --steps 2 --optimizer {name}");
        let own = info(name).unwrap().hyperparameters;
        // Nesterov's look ahead wants a momentum other than sgd's default.
        let flags = own.iter().map(flag).filter(|flag| flag != "--nesterov" || name != "sgd");
        let flags = flags.filter(|flag| flag != "--momentum 0").collect::<Vec<_>>().join(" ");
        let path = run(&format!("{line} --format json {flags}")).ok().json();
        assert_eq!(path["steps"].as_array().unwrap().len(), 3, "{name}");
        let foreign = others().find(|other| own.iter().all(|known| known.name != other.name));
        let foreign = foreign.unwrap();
        let names = own.iter().map(|known| known.name).collect::<Vec<_>>().join(", ");
        let says = format!("has no setting {}", foreign.name);
        run(&format!("{line} {}", flag(foreign))).fails(2, &[&says, &names]);
    }
}

#[test]
fn flags_of_choices_take_a_value_and_rates_a_schedule() {
    let line = "descend x^2 --from x=1 --steps 3 --format json";
    let long = run(&format!("{line} --optimizer lbfgs --max-iter 1 --lr 0.1 --strong-wolfe=false"));
    let places = long.ok().json();
    let last = |path: &serde_json::Value| path["steps"][3]["value"].as_f64().unwrap();
    assert!(last(&places) > 1e-3, "{places}");
    assert!(last(&run(&format!("{line} --optimizer lbfgs")).ok().json()) < 1e-12);
    let halved = format!("{line} --lr 0.25 --schedule exponential:gamma=0.5");
    let path = run(&halved).ok().json();
    assert_eq!(path["steps"][2]["at"]["x"], 0.375);
    let line = "descend x^2 --from x=1";
    run(&format!("{line} --schedule cosin")).fails(2, &["did you mean cosine?"]);
    run(&format!("{line} --optimizer lbfgs --strong-wolfe=no")).fails(2, &["true or false"]);
}

#[test]
fn wrong_use_has_status_2() {
    run("descend x^2 --from x=1 --optimizer adma").fails(2, &["did you mean \"adam\"?"]);
    run("descend x^2 --from x=1 --steps -1").fails(2, &["-1"]);
    run("descend x^2 --from x=1 --lr nan").fails(2, &["learning rate is NaN"]);
    run("descend x^2 --from x=1 --tolerance -1").fails(2, &["tolerance is -1"]);
    run("descend x^2 --from x=1 --clip-norm -1").fails(2, &["--clip-norm", "above 0 is needed"]);
    run("descend x^2 --from x=1 --clip-value nan").fails(2, &["--clip-value", "above 0 is needed"]);
    run("descend x^2").fails(2, &["`x` has no value"]);
    run("descend x^2 --at x=1").fails(2, &["there is no flag --at", "did you mean --from?"]);
    run("descend x^2 --from x=1 --optimizer adam --momentum 0.5")
        .fails(2, &["adam has no setting momentum"]);
}

#[test]
fn programs_are_descended_on() {
    let line = "descend while(abs(x))>5:x=x/2;x^2 --from x=12 --lr 0.25 --steps 2";
    let path = run(&format!("{line} --format json")).ok().json();
    assert_eq!(path["steps"][2]["at"]["x"], 11.26171875);
    assert_eq!(path["steps"][0]["gradient"]["x"], 1.5);
    let text = run(&format!("{line} --optimizer sgd,adam --from x=4")).ok().stdout;
    contains(&text, &["at the start `while(abs(x))>5` ran 2 times", "adam from x=4"]);
    let folder = Folder::new("descend-program");
    for name in ["path.svg", "path.html", "path.csv"] {
        folder.run(&format!("{line} --out {name}")).ok();
    }
    let page = String::from_utf8(folder.read("path.html")).unwrap();
    contains(&page, &["--from x=12 --optimizer sgd:lr=0.25", "ran 2 times"]);
    run("descend while(x)>1:x=x/y;x --from x=12").fails(2, &["`y` has no value"]);
    run("descend while(x)>1:x=x/2;x --from x=12,z=1").fails(2, &["no variable `z`"]);
}

#[test]
fn starts_and_optimisers_have_paths_of_their_own() {
    let line = "descend x^4-2*x^2+x/4 --from x=0.5 --from x=-0.1 --lr 0.05 --steps 200";
    let text = run(line).ok().stdout;
    assert!(text.contains("the lowest end is that of sgd from x=-0.1"), "{text}");
    assert!(text.contains("sgd from x=0.5 ended in another minimum"), "{text}");
    let svg = run(&format!("{line} --range x=-2:2 --format svg")).ok().stdout;
    assert!(svg.contains("sgd from x=-0.1") && svg.contains(">\nstep\n<"), "{svg}");
    let rates =
        "descend x^2 --from x=1 --steps 1 --optimizer sgd:lr=0.25,sgd:lr=0.5,adam:lr=0.1:eps=1e-6";
    let csv = run(&format!("{rates} --format csv")).ok().stdout;
    assert!(csv.contains("\nsgd lr=0.25,1,0.5,") && csv.contains("\nsgd lr=0.5,1,0,"), "{csv}");
    run("descend x^2 --from x=1 --optimizer sgd:rate=1").fails(2, &["rate"]);
    run("descend x^2 --from x=1 --optimizer sgd:lr").fails(2, &["no setting"]);
    run("descend x^2 --from x=1 --range y=0:1 --format svg").fails(2, &["no variable `y`"]);
}
