//! [`choices()`]: what can be chosen, for the page's controls.

use gradtape::optim::{HyperValue, NAMES, Schedule, info};
use serde_json::{Value, json};

use super::losses::Loss;
use super::network::{Form, Start};
use super::settings::{Settings, Source, usual_rate, written};

/// The names of everything that can be chosen with what it is, the settings of each optimiser as the library declares them,
/// and the defaults, as JSON.
pub fn choices() -> String {
    let named = |all: Vec<(&str, &str)>| -> Vec<Value> {
        all.into_iter().map(|(name, doc)| json!({"name": name, "doc": doc})).collect()
    };
    let optimizers = NAMES.iter().filter_map(|name| {
        let info = info(name).ok()?;
        let preset = info.presets.iter().find(|preset| preset.name == *name);
        let settings = info.hyperparameters.iter().map(|known| {
            let own = preset.and_then(|preset| {
                preset
                    .settings
                    .iter()
                    .find(|(name, _)| *name == known.name)
                    .map(|(_, value)| *value)
            });
            let default = match known.name {
                "lr" => usual_rate(name).to_string(),
                _ => written(own.unwrap_or(known.default)),
            };
            let kind = match known.default {
                HyperValue::Number(_) => "number",
                HyperValue::Pair(..) => "pair",
                HyperValue::Flag(_) => "flag",
            };
            json!({
                "name": known.name, "doc": known.doc, "default": default, "kind": kind,
                "allowed": known.allowed(),
            })
        });
        let settings: Vec<Value> = settings.collect();
        let doc = info.doc.iter().map(|line| line.trim()).find(|line| !line.is_empty());
        Some(json!({"name": name, "doc": doc, "settings": settings}))
    });
    let usual = Settings::default();
    json!({
        "data": named(Source::ALL.iter().map(|(_, name, doc)| (*name, *doc)).collect()),
        "activation": named(Form::ALL.iter().map(|(name, _, doc)| (*name, *doc)).collect()),
        "init": named(Start::ALL.iter().map(|(name, _, doc)| (*name, *doc)).collect()),
        "loss": named(Loss::ALL.iter().map(|(name, _, doc)| (*name, *doc)).collect()),
        "optimizer": optimizers.collect::<Vec<Value>>(),
        "schedule": Schedule::NAMES,
        "defaults": usual.all().into_iter().collect::<std::collections::BTreeMap<_, _>>(),
    })
    .to_string()
}
