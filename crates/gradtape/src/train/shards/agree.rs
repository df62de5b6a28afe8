//! Ranks that train together must train the same: told before the first step.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Collective;
use super::collective::{receive_text, send_text};
use crate::tensor::{Error, Kind, Result};

/// Fails on every rank where one of them has other settings, data, weights or another place to go on from than rank 0,
/// with both sides.
pub(in crate::train) fn agree(
    ranks: &dyn Collective,
    own: &BTreeMap<String, String>,
) -> Result<()> {
    let others = 1..ranks.ranks();
    if ranks.rank() > 0 {
        send_text(ranks, 0, &text(own)?)?;
        return verdict(read(&receive_text(ranks, 0)?)?);
    }
    let mut differing = Vec::new();
    for other in others.clone() {
        let theirs: BTreeMap<String, String> = read(&receive_text(ranks, other)?)?;
        let new = theirs.keys().filter(|name| !own.contains_key(*name));
        for name in own.keys().chain(new) {
            let of = |map: &BTreeMap<String, String>| {
                map.get(name).cloned().unwrap_or_else(|| "not said".to_string())
            };
            let (here, there) = (of(own), of(&theirs));
            if here != there {
                let (first, host) = (ranks.host(0), ranks.host(other));
                differing.push(format!(
                    "{name}: {here} on rank 0 ({first}), {there} on rank {other} ({host})"
                ));
            }
        }
    }
    for other in others {
        send_text(ranks, other, &text(&differing)?)?;
    }
    verdict(differing)
}

fn verdict(differing: Vec<String>) -> Result<()> {
    if differing.is_empty() {
        return Ok(());
    }
    let error = Error::new(Kind::Value, "the ranks do not train the same thing");
    Err(differing.into_iter().fold(error, Error::note).hint(
        "start all of them by one command, with the same program, files and kind of processor",
    ))
}

fn text(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| unreadable(&error))
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> Error {
    Error::new(Kind::Value, format!("ranks do not understand each other: {error}"))
        .hint("start the same version of the program on all machines")
}
