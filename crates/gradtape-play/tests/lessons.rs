//! What the book says of its lessons in the playground.

use gradtape_play::{Session, Settings, Show};

fn trained(text: &str, epochs: usize) -> Session {
    let mut session = Session::new(Settings::read(text).unwrap(), None).unwrap();
    session.advance(epochs * session.epoch_steps()).unwrap();
    session
}

fn right(session: &Session) -> f64 {
    session.scores().train.accuracy.unwrap()
}

#[test]
fn one_line_does_not_divide_xor_and_four_units_do() {
    assert!(right(&trained("data=xor\nnoise=0\nhidden=none", 100)) < 0.7);
    assert!(right(&trained("data=xor\nnoise=0\nhidden=4\nlr=0.03", 200)) > 0.95);
}

#[test]
fn units_that_start_alike_stay_alike() {
    let session = trained("init=zeros\nhidden=4\nlr=0.05", 30);
    let weights = session.weights(Show::Weights).unwrap();
    // Each hidden unit has the weights of the first.
    assert!(weights[..8].chunks(2).all(|unit| unit == &weights[..2]));
    assert!(right(&session) < right(&trained("hidden=4\nlr=0.05", 30)));
}

#[test]
fn of_many_sigmoids_nothing_comes_to_the_first_layer() {
    let text = "data=circles\nhidden=8,8,8,8,8,8\noptimizer=sgd\nactivation=";
    let deep = trained(&format!("{text}sigmoid"), 20);
    let layers = deep.report().layers;
    let [first, last] = [&layers[0], &layers[6]].map(|layer| layer.gradient.unwrap());
    assert!(first < 1e-4 * last, "{first:e} {last:e}");
    assert!(deep.report().warnings.iter().any(|[what, _]| what.contains("vanish")));
    assert!(right(&deep) < 0.6);
    let relu = trained(&format!("{text}relu\ninit=kaiming_normal"), 60);
    assert!(right(&relu) > 0.95, "{}", right(&relu));
}

#[test]
fn of_a_batch_of_one_the_loss_is_restless() {
    // How far the loss of all points moves from one measure to the next, in the last part of the curve.
    let restless = |batch: usize, steps: usize| {
        let text = format!("noise=0.25\noptimizer=sgd\nlr=0.3\nbatch={batch}");
        let mut session = Session::new(Settings::read(&text).unwrap(), None).unwrap();
        let mut losses = Vec::new();
        for _ in 0..60 {
            session.advance(steps).unwrap();
            losses.push(session.scores().train.loss);
        }
        let moves = losses[30..].windows(2).map(|pair| (pair[1] - pair[0]).abs());
        moves.sum::<f64>() / 29.0
    };
    let [one, hundred] = [restless(1, 20), restless(100, 20)];
    assert!(one > 5.0 * hundred, "{one} {hundred}");
}

#[test]
fn momentum_is_sooner_there() {
    let text = "data=circles\nnoise=0.05\noptimizer=sgd\nlr=0.05\nbatch=100";
    let (plain, momentum) = (trained(text, 60), trained(&format!("{text}\nmomentum=0.9"), 60));
    let [plain, momentum] = [plain, momentum].map(|own| own.scores().train.loss);
    assert!(momentum < 0.5 * plain, "{plain} {momentum}");
}

#[test]
fn a_large_network_learns_few_points_by_heart() {
    let text = "samples=60\nnoise=0.4\ntest-fraction=0.5\nhidden=32,32\nlr=0.02\nbatch=30";
    let scores = trained(text, 1000).scores();
    let (train, test) = (scores.train, scores.test.unwrap());
    assert!(train.accuracy.unwrap() > 0.99 && test.loss > 10.0 * train.loss, "{scores:?}");
    let held = trained(&format!("{text}\nl2=0.02"), 1000).scores();
    assert!(held.test.unwrap().loss < 0.5 * test.loss, "{held:?}");
}

#[test]
fn a_rate_that_is_too_large_kills_units_or_diverges() {
    let dead = trained("activation=relu\noptimizer=sgd\nlr=10\nhidden=8,8", 30);
    let share = dead.report().layers.iter().filter_map(|layer| layer.dead).fold(0.0, f64::max);
    assert!(share > 0.5 || dead.diverged().is_some(), "{share}");
    let text = "data=formula\nformula=sin(3*x)\noptimizer=sgd\nactivation=linear\nlr=3";
    assert!(trained(text, 30).diverged().is_some());
}
