//! Every data set is learned as well as it is said, and everything that is shown is right.

use gradtape_play::{Session, Settings, Show};

fn session(text: &str) -> Session {
    Session::new(Settings::read(text).unwrap(), None).unwrap()
}

#[track_caller]
fn right(session: &Session) -> f64 {
    session.scores().test.unwrap().accuracy.unwrap()
}

/// What the book says of each.
#[test]
fn every_data_set_is_learned() {
    for (text, epochs, least) in [
        ("data=moons", 100, 0.97),
        ("data=circles\nnoise=0.05", 100, 0.97),
        ("data=xor\nnoise=0", 100, 0.95),
        ("data=spiral\nnoise=0.02\nhidden=16,16\nlr=0.02", 300, 0.9),
        ("data=blobs\nnoise=0.2", 20, 0.97),
        ("data=formula\nformula=y > sin(3*x)/2\nnoise=0", 100, 0.95),
        ("data=digits\nhidden=32\nactivation=relu", 30, 0.94),
    ] {
        let mut session = session(text);
        session.advance(epochs * session.epoch_steps()).unwrap();
        assert!(right(&session) >= least, "{text}: {}", right(&session));
        assert_eq!(session.report().epoch, epochs as u64);
    }
}

#[test]
fn numbers_points_and_tables_are_learned() {
    for formula in ["sin(3*x)", "x*y"] {
        let mut session = session(&format!("data=formula\nformula={formula}\nnoise=0\nlr=0.02"));
        let before = session.scores().test.unwrap().loss;
        session.advance(150 * session.epoch_steps()).unwrap();
        let after = session.scores().test.unwrap().loss;
        assert!(after < 0.02 && after < before, "{formula}: {before} to {after}");
        assert_eq!(session.scores().train.accuracy, None);
    }
    let points = "8g8g09a9i08s7k07a8u0p0p01q4of1nuq01oaoo1";
    let text = format!("data=drawn\npoints={points}\ntest-fraction=0\nbatch=4");
    let mut drawn = session(&text);
    drawn.advance(200).unwrap();
    assert_eq!(drawn.scores().train.accuracy, Some(1.0));
    assert_eq!(drawn.scores().test, None);

    let rows = (0..120).map(|i| {
        let (a, b) = (f64::from(i % 12), f64::from(i % 7));
        format!(
            "{a},{b},{},{}\n",
            if i % 3 == 0 { "red" } else { "blue" },
            if a > b { "yes" } else { "no" }
        )
    });
    let table = format!("a,b,colour,more\n{}", rows.collect::<String>());
    let settings = Settings::read("data=csv\ntarget=more\nhidden=8").unwrap();
    let mut csv = Session::new(settings, Some(table.as_bytes())).unwrap();
    csv.advance(100 * csv.epoch_steps()).unwrap();
    assert!(right(&csv) > 0.9);
    let built = csv.built();
    assert_eq!(built.features.len(), 4, "{:?}", built.features);
    assert!(built.axes[0].from < 0.0 && built.axes[0].to > 11.0, "{:?}", built.axes);
    let error =
        Session::new(Settings::read("data=csv\ntarget=mor").unwrap(), Some(table.as_bytes()));
    let error = error.err().unwrap().to_string();
    assert!(error.contains("more"), "{error}");
}

#[test]
fn every_loss_optimiser_and_activation_learns() {
    for loss in ["cross_entropy", "bce", "hinge", "mse"] {
        let mut session = session(
            &format!("data=blobs\nnoise=0.1\nloss={loss}")
                .replace(if ["bce", "hinge"].contains(&loss) { "blobs" } else { "-" }, "moons"),
        );
        session.advance(30 * session.epoch_steps()).unwrap();
        assert!(right(&session) > 0.84, "{loss}: {}", right(&session));
    }
    for loss in ["mse", "mae", "huber"] {
        let mut session = session(&format!("data=formula\nformula=x+y\nnoise=0\nloss={loss}"));
        let before = session.scores().train.loss;
        session.advance(20 * session.epoch_steps()).unwrap();
        assert!(session.scores().train.loss < 0.2 * before, "{loss}");
    }
    for optimizer in gradtape::optim::NAMES {
        let mut session = session(&format!("samples=200\noptimizer={optimizer}"));
        let before = session.scores().train.loss;
        session.advance(100).unwrap();
        let after = session.scores().train.loss;
        assert!(after < 0.9 * before, "{optimizer}: {before} to {after}");
    }
    for form in ["tanh", "relu", "sigmoid", "leaky_relu", "gelu", "silu", "linear", "relu,tanh"] {
        let mut session = session(&format!("samples=200\nactivation={form}\nlr=0.03\ndropout=0.1"));
        session.advance(400).unwrap();
        let right = session.scores().train.accuracy.unwrap();
        assert!(right > 0.8, "{form}: {right}");
    }
}

#[test]
fn how_steps_are_divided_changes_no_bit() {
    let mut whole = session("dropout=0.2\nschedule=cosine\nbatch=30");
    let mut pieces = session("dropout=0.2\nschedule=cosine\nbatch=30");
    whole.advance(100).unwrap();
    for steps in [1, 2, 37, 3, 57] {
        assert_eq!(pieces.advance(steps).unwrap(), steps);
        // Looking changes nothing.
        pieces.boundary(8).unwrap();
        pieces.maps(5).unwrap();
        pieces.weights(Show::Gradients).unwrap();
        pieces.chain(0, 1, Some(1), 3).unwrap();
        pieces.points().unwrap();
    }
    assert_eq!(whole.loss().to_bits(), pieces.loss().to_bits());
    assert_eq!(whole.weights(Show::Weights).unwrap(), pieces.weights(Show::Weights).unwrap());
    assert_eq!(whole.rate(), pieces.rate());
}

#[test]
fn a_network_that_diverges_stops_and_says_where() {
    let mut session = session("data=formula\nformula=10*x\noptimizer=sgd\nlr=50\nactivation=relu");
    let taken = session.advance(1000).unwrap();
    assert!(taken < 1000, "it did not diverge");
    assert_eq!(session.diverged(), Some(taken as u64));
    assert_eq!(session.advance(10).unwrap(), 0);
    let report = serde_json::to_value(session.report()).unwrap();
    assert_eq!(report["loss"], serde_json::Value::Null);
    assert_eq!(report["diverged"], taken);
    session.boundary(8).unwrap();
}

#[test]
fn health_has_a_word_for_vanishing_gradients_and_dead_units() {
    let mut deep = session("hidden=8,8,8,8,8,8\nactivation=sigmoid\noptimizer=sgd");
    deep.advance(8 * deep.epoch_steps()).unwrap();
    let report = deep.report();
    assert_eq!(report.layers.len(), 7);
    let told = report.warnings.iter().any(|[what, _]| what.contains("vanish"));
    assert!(told || report.layers[0].gradient < report.layers[6].gradient, "{report:?}");
    let mut dead = session("activation=relu\noptimizer=sgd\nlr=30\nhidden=8");
    dead.advance(8 * dead.epoch_steps()).unwrap();
    let units = dead.report().layers[0].dead;
    assert!(units.is_some_and(|share| share > 0.5) || dead.diverged().is_some(), "{units:?}");
}

#[test]
fn the_boundary_is_what_the_points_are_told() {
    let mut session = session("data=blobs\nnoise=0.1");
    session.advance(20 * session.epoch_steps()).unwrap();
    let points = session.points().unwrap();
    assert_eq!(points.len(), 5 * 500);
    let right = points.chunks(5).filter(|point| point[2] == point[3]).count() as f64;
    let scores = session.scores();
    let [train, test] =
        [scores.train.accuracy.unwrap() * 400.0, scores.test.unwrap().accuracy.unwrap() * 100.0];
    assert!((right - train - test).abs() < 1e-6);
    let map = session.boundary(60).unwrap();
    let near = points.chunks(5).filter(|point| {
        let [x, y] = [point[0], point[1]].map(|share| ((share * 60.0) as usize).min(59));
        map.cells[2 * (y * 60 + x)] == point[3]
    });
    assert!(near.count() > 490);
    assert!(map.cells.chunks(2).all(|cell| (0.0..=1.0).contains(&cell[1])));
    let units = session.maps(20).unwrap();
    assert_eq!(units.cells.len(), (8 + 8 + 3) * 400);
}

#[test]
fn the_chain_rule_adds_up() {
    let mut session = session("hidden=3,2\nloss=bce\nbatch=1");
    session.advance(50).unwrap();
    let gradients = session.weights(Show::Gradients).unwrap();
    // Of a batch of one point, the point's own product is the mean.
    let chain = session.chain(1, 1, Some(2), 0).unwrap();
    let number = |line: &str| line.rsplit("= ").next().unwrap().parse::<f64>().unwrap();
    let (told, mean) =
        (number(chain.backward.last().unwrap()), number(chain.batch.last().unwrap()));
    assert!((told - mean).abs() <= 1e-3 * mean.abs(), "{chain:?}");
    let place = (2 + 1) * 3 + 3 + 2;
    assert!((mean - f64::from(gradients[place])).abs() < 1e-3 * mean.abs(), "{chain:?}");
    assert_eq!(chain.edges.len(), 3);
    assert!(chain.forward[0].starts_with("z2[2] = w2[2,1]·a1[1] + "), "{chain:?}");
    let output = session.chain(2, 0, None, 0).unwrap();
    assert!(output.backward[0].contains("sigmoid(z3[1]) - t"), "{output:?}");
    assert!(session.chain(3, 0, None, 0).is_err() && session.chain(0, 3, None, 0).is_err());
    assert!(session.chain(0, 0, Some(2), 0).is_err());
}

#[test]
fn changes_are_what_the_last_step_did() {
    let mut session = session("batch=50");
    assert!(session.weights(Show::Changes).unwrap().iter().all(|change| *change == 0.0));
    session.advance(9).unwrap();
    let before = session.weights(Show::Weights).unwrap();
    session.advance(1).unwrap();
    let after = session.weights(Show::Weights).unwrap();
    let told = session.weights(Show::Changes).unwrap();
    for ((before, after), told) in before.iter().zip(&after).zip(&told) {
        assert_eq!(after - before, *told);
    }
}
