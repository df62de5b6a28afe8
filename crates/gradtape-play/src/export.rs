//! What is taken home: the points, the network, and how to train it again.

use std::fmt::Write;

use gradtape::Result;
use gradtape::io::Model;
use gradtape::nn::Module;
use serde_json::json;

use super::losses::{Loss, Task};
use super::network::{Form, Start};
use super::session::Session;
use super::settings::{Source, written};

impl Session {
    /// The network as a model file of the library, which `gradtape predict` and `gradtape inspect` read; without what is
    /// done to columns where the program has no such loss.
    pub fn model(&self) -> Result<Vec<u8>> {
        let mut model = Model::new(self.net.layers.clone());
        if let Some(preprocessing) = &self.data.preprocessing {
            model.preprocessing = Some(preprocessing.to_json());
        }
        if let Task::Classes(names) = &self.data.task {
            model.labels.clone_from(names);
        }
        model.notes.insert("playground".into(), self.settings.text());
        model.to_bytes()
    }

    /// Weights, biases and activations as JSON.
    pub fn json(&self) -> Result<String> {
        let layers = self.net.parameters().into_iter().zip(&self.net.stages);
        let layer =
            |([weight, bias], stage): ([gradtape::Parameter; 2], &super::network::Stage)| {
                let weight = weight.value();
                let width = weight.shape()[1];
                let rows: Vec<Vec<f32>> =
                    weight.to_vec::<f32>()?.chunks(width).map(<[f32]>::to_vec).collect();
                let bias = bias.value().to_vec::<f32>()?;
                Ok(json!({"weight": rows, "bias": bias, "activation": stage.form.to_string()}))
            };
        let layers = layers.map(layer).collect::<Result<Vec<_>>>()?;
        let all = json!({
            "inputs": self.data.features,
            "outputs": match &self.data.task {
                Task::Classes(names) if self.net.sizes.last().is_some_and(|n| *n > 1) => names.clone(),
                Task::Classes(names) => names.last().cloned().into_iter().collect(),
                Task::Number(name) => vec![name.clone()],
            },
            "steps": self.steps,
            "settings": self.settings.text(),
            "layers": layers,
        });
        Ok(all.to_string())
    }

    /// The points as CSV, those to learn from first; of columns the numbers that the network sees.
    pub fn table(&self) -> Result<String> {
        let target = match &self.data.task {
            Task::Classes(_) => "class",
            Task::Number(_) => "value",
        };
        let mut text = format!("{},{target},part\n", self.data.features.join(","));
        for (part, data) in [("train", &self.data.train), ("test", &self.data.test)] {
            if data.is_empty() {
                continue;
            }
            let answers = self.data.answers(data.targets());
            let rows = data.inputs().to_vec::<f32>()?;
            for (row, answer) in rows.chunks(self.data.width()).zip(answers) {
                for value in row {
                    let _ = write!(text, "{value},");
                }
                let _ = match &self.data.task {
                    Task::Classes(names) => writeln!(text, "{},{part}", names[answer as usize]),
                    Task::Number(_) => writeln!(text, "{},{part}", answer as f32),
                };
            }
        }
        Ok(text)
    }

    /// The command that trains the same network, and what it does otherwise, if anything.
    pub fn command(&self) -> (String, Vec<String>) {
        let own = &self.settings;
        let mut notes = Vec::new();
        let mut words = vec!["gradtape train".to_string()];
        let named = ["moons", "circles", "spiral", "xor", "blobs", "digits"];
        let name = own.data.name();
        if named.contains(&name) {
            words.push(name.into());
            if own.data.is_random() {
                words.push(format!("--samples {} --noise {}", own.samples, own.noise));
            }
        } else {
            let (target, told) = match &self.data.task {
                _ if own.data == Source::Csv && !own.target.is_empty() => (own.target.as_str(), ""),
                Task::Classes(_) => ("class", "save the points as points.csv first; "),
                Task::Number(_) => ("value", "save the points as points.csv first; "),
            };
            match own.data {
                Source::Csv => {
                    words.push("table.csv".into());
                    if !own.target.is_empty() {
                        words.push(format!("--target {}", quoted(target)));
                    }
                    notes.push("table.csv is the file that was dropped here".into());
                }
                _ => {
                    words.push(format!("points.csv --target {target} --ignore part"));
                    notes.push(format!(
                        "{told}the program divides the rows anew and standardises them, so that numbers differ"
                    ));
                }
            }
            words.push("--members 1".into());
        }
        words.push(format!("--validation 0 --test-fraction {}", own.test));
        let hidden: Vec<String> = own.hidden.iter().map(usize::to_string).collect();
        words.push(match hidden.is_empty() {
            true => "--hidden none".into(),
            false => format!("--hidden {}", hidden.join(",")),
        });
        let forms: Vec<Form> = (0..own.hidden.len()).map(|layer| own.form(layer)).collect();
        let form = forms.first().copied().unwrap_or(Form::Tanh);
        match form.activation() {
            Some(activation) => words.push(format!("--activation {activation}")),
            None if forms.is_empty() => {}
            None => notes.push("the program has no hidden layers without activation".into()),
        }
        if forms.iter().any(|other| *other != form) {
            notes.push("the program has one activation for all hidden layers".into());
        }
        if own.dropout > 0.0 || own.data == Source::Csv {
            words.push(format!("--dropout {}", own.dropout));
        }
        if own.init != Start::FanIn {
            notes.push(format!("the program starts weights by fan_in, not by {}", own.init));
        }
        if self.data.loss != Loss::usual(&self.data.task) {
            let usual = Loss::usual(&self.data.task).name();
            notes.push(format!("the program's loss is {usual}, not {}", self.data.loss.name()));
        }
        words.push(format!("--optimizer {} --lr {}", own.optimizer, own.rate()));
        for (name, value) in own.hyper.iter().filter(|(name, _)| name != "lr") {
            words.push(format!("--{} {}", name.replace('_', "-"), written(*value)));
        }
        words.push(format!(
            "--schedule {} --batch {} --epochs {}",
            own.schedule, own.batch, own.epochs
        ));
        if own.clip > 0.0 {
            words.push(format!("--clip-norm {}", own.clip));
        }
        if own.l1 > 0.0 || own.l2 > 0.0 {
            notes.push("the program has no l1 and l2; --weight-decay is near to l2".into());
        }
        words.push(format!("--seed {}", own.seed));
        (words.join(" "), notes)
    }

    /// A program that trains the same network with the library.
    pub fn rust(&self) -> String {
        let own = &self.settings;
        let data = match own.data {
            Source::Digits => "digits().flatten()".to_string(),
            Source::Drawn | Source::Formula | Source::Csv => "points()?".to_string(),
            source => format!("{}({}, {:?}, {})?", source.name(), own.samples, own.noise, own.seed),
        };
        let named = self.own_loss();
        // Targets of these losses are numbers.
        let numbers = match (&self.data.task, self.data.loss) {
            (Task::Classes(_), Loss::Logistic) => Some("if label == 1 { 1.0 } else { 0.0 }"),
            (Task::Classes(_), Loss::Hinge) => Some("if label == 1 { 1.0 } else { -1.0 }"),
            (Task::Classes(_), Loss::Squares) => Some(""),
            _ => None,
        };
        let mut data_uses = match own.data {
            Source::Drawn | Source::Formula | Source::Csv => {
                vec!["Dataset", "PreprocessOptions", "Preprocessing", "Table"]
            }
            source => vec![source.name()],
        };
        if numbers.is_some() && !data_uses.contains(&"Dataset") {
            data_uses.insert(0, "Dataset");
        }
        let forms: Vec<Form> = (0..own.hidden.len()).map(|layer| own.form(layer)).collect();
        let form = forms.first().copied().unwrap_or(Form::Tanh);
        let plain = own.init == Start::FanIn && forms.iter().all(|other| *other == form);
        let (network, imports) = match form.activation().filter(|_| plain) {
            Some(activation) => (
                format!(
                    "Sequential::mlp(&{:?}, Activation::{activation:?}, {:?}, rng)?",
                    self.net.sizes, own.dropout
                ),
                "use gradtape::nn::{Activation, Sequential};",
            ),
            None => (self.layers(), "use gradtape::nn::*;"),
        };
        let mut hyper = format!("Hyper::new().with(\"lr\", {:?})", own.rate());
        for (name, value) in own.hyper.iter().filter(|(name, _)| name != "lr") {
            let _ = match value {
                gradtape::optim::HyperValue::Pair(a, b) => {
                    write!(hyper, ".with({name:?}, ({a:?}, {b:?}))")
                }
                gradtape::optim::HyperValue::Number(own) => {
                    write!(hyper, ".with({name:?}, {own:?})")
                }
                gradtape::optim::HyperValue::Flag(own) => write!(hyper, ".with({name:?}, {own})"),
            };
        }
        let steps = self.epoch_steps();
        let mut trainer = format!(
            "Trainer::new(&net, optimizer)\n        .epochs({})\n        .batch_size({})\n        .seed({})",
            own.epochs, own.batch, own.seed
        );
        let mut uses = vec!["Trainer"];
        let mut optim = vec!["Hyper", "by_name"];
        if own.clip > 0.0 {
            let _ = write!(trainer, "\n        .clip_norm({:?})", own.clip);
        }
        if own.schedule != "constant" {
            let (total, every) = match own.counts_epochs() {
                true => (own.epochs, "Epoch"),
                false => (own.epochs * steps, "Step"),
            };
            let _ = write!(
                trainer,
                "\n        .schedule(Schedule::by_name({:?}, {:?}, {total})?, Every::{every})",
                own.schedule,
                own.rate()
            );
            uses.insert(0, "Every");
            optim.insert(1, "Schedule");
        }
        let mut loss_import = String::new();
        if let Some((name, call)) = named {
            let _ = write!(trainer, "\n        .loss(|outputs, targets| {call})");
            loss_import = format!("use gradtape::loss::{name};\n");
        }
        let held = |test: &str| match own.test > 0.0 {
            true => format!("Some({test})"),
            false => "None".to_string(),
        };
        let mut train =
            format!("let history = trainer.fit(&split.train, {})?;", held("&split.test"));
        let mut convert = String::new();
        if let Some(rule) = numbers {
            train = format!(
                "let history = trainer.fit(&numbers(&split.train)?, {})?;",
                held("&numbers(&split.test)?")
            );
            convert = match &self.data.task {
                Task::Classes(names) if rule.is_empty() => format!(
                    "\n/// Labels as this loss takes them: 1 for the class, 0 for the others.\n\
                     fn numbers(data: &Dataset) -> Result<Dataset> {{\n    \
                     let labels = data.labels().unwrap_or_default();\n    \
                     let hot = |label: &i64| (0..{0}).map(|class| if class == *label {{ 1.0f32 }} else {{ 0.0 }}).collect::<Vec<_>>();\n    \
                     let targets: Vec<f32> = labels.iter().flat_map(hot).collect();\n    \
                     Dataset::new(data.inputs().clone(), Tensor::from_vec(targets, [labels.len(), {0}])?)\n}}\n",
                    names.len()
                ),
                _ => format!(
                    "\n/// Labels as this loss takes them.\n\
                     fn numbers(data: &Dataset) -> Result<Dataset> {{\n    \
                     let labels = data.labels().unwrap_or_default();\n    \
                     let targets: Vec<f32> = labels.iter().map(|&label| {rule}).collect();\n    \
                     Dataset::new(data.inputs().clone(), Tensor::from_vec(targets, [labels.len(), 1])?)\n}}\n"
                ),
            };
        }
        let mut code = String::new();
        if own.l1 > 0.0 || own.l2 > 0.0 {
            let _ = writeln!(
                code,
                "// l1 = {:?} and l2 = {:?} are added to the loss by a step of one's own: see Trainer::step.",
                own.l1, own.l2
            );
        }
        let _ = write!(
            code,
            "use gradtape::data::{};\n{loss_import}{imports}\nuse gradtape::optim::{{{}}};\n\
             use gradtape::train::{};\nuse gradtape::{{Result, Rng{}}};\n\nfn main() -> Result<()> {{\n    \
             let data = {data};\n    let split = data.split(0.0, {:?}, {})?;\n    let rng = &mut Rng::new({});\n    \
             let net = {network};\n    let optimizer = by_name({:?}, &net, &{hyper})?;\n    \
             let mut trainer = {trainer};\n    {train}\n    \
             println!(\"{{:?}}\", history.epochs.last());\n    Ok(())\n}}\n",
            listed(&data_uses),
            optim.join(", "),
            listed(&uses),
            if numbers.is_some() { ", Tensor" } else { "" },
            own.test,
            own.seed,
            own.seed,
            own.optimizer,
        );
        code += &convert;
        if let Source::Drawn | Source::Formula | Source::Csv = own.data {
            let (file, target) = match (own.data, &self.data.task) {
                (Source::Csv, _) => ("table.csv", self.data.target.as_str()),
                (_, Task::Classes(_)) => ("points.csv", "class"),
                (_, Task::Number(_)) => ("points.csv", "value"),
            };
            let _ = write!(
                code,
                "\n/// The points that were saved from the page, their columns standardised.\n\
                 fn points() -> Result<Dataset> {{\n    \
                 let table = Table::read_csv({file:?})?;\n    \
                 let rows: Vec<usize> = (0..table.len()).collect();\n    \
                 let options = PreprocessOptions {{ ignore: vec![{}], ..Default::default() }};\n    \
                 Preprocessing::fit(&table, {target:?}, &rows, &options)?.dataset(&table)\n}}\n",
                if own.data == Source::Csv { "" } else { "\"part\".into()" }
            );
        }
        code
    }

    /// The layers one by one.
    fn layers(&self) -> String {
        let [weight, bias] = self.settings.init.inits();
        let mut text = String::from("Sequential::new()");
        for (pair, stage) in self.net.sizes.windows(2).zip(&self.net.stages) {
            let _ = match self.settings.init {
                Start::FanIn => {
                    write!(text, "\n        .add(Linear::new({}, {}, rng))", pair[0], pair[1])
                }
                _ => write!(
                    text,
                    "\n        .add(Linear::with({}, {}, LinearOptions {{ weight_init: Init::{weight:?}, \
                     bias_init: Init::{bias:?}, ..Default::default() }}, rng)?)",
                    pair[0], pair[1]
                ),
            };
            if let Some(activation) = stage.form.activation() {
                let _ = match stage.form {
                    Form::LeakyRelu | Form::Gelu => {
                        write!(text, "\n        .add({activation:?}::default())")
                    }
                    _ => write!(text, "\n        .add({activation:?})"),
                };
            }
            if stage.dropout.is_some() {
                let _ =
                    write!(text, "\n        .add(Dropout::new({:?}, rng))", self.settings.dropout);
            }
        }
        text
    }

    /// The loss that has to be named, and its call.
    fn own_loss(&self) -> Option<(&'static str, &'static str)> {
        Some(match self.data.loss {
            own if own == Loss::usual(&self.data.task) => return None,
            Loss::CrossEntropy => ("cross_entropy", "cross_entropy(outputs, targets)"),
            Loss::Logistic => ("bce_with_logits", "bce_with_logits(outputs, targets)"),
            Loss::Hinge => ("hinge", "hinge(outputs, targets)"),
            Loss::Squares => ("mse", "mse(outputs, targets)"),
            Loss::Absolute => ("mae", "mae(outputs, targets)"),
            Loss::Huber => ("huber", "huber(outputs, targets, 1.0)"),
        })
    }

    /// How many weights and biases there are.
    pub fn parameter_count(&self) -> usize {
        self.net.layers.parameter_count()
    }
}

/// Names as a program imports them.
fn listed(names: &[&str]) -> String {
    match names {
        [one] => one.to_string(),
        _ => format!("{{{}}}", names.join(", ")),
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,@%+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
