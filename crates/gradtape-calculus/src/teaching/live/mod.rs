//! What makes a page answer: the question that it was written for, the library as a module, and the scripts between.

use gradtape_chart::{PAGE_SCRIPT, WORKER_SCRIPT, base64};

use crate::report::Named;
use crate::teaching::svg::filled;

/// What a page is asked again and again, and what answers.
pub(crate) struct Live<'m> {
    /// The question, as JSON.
    pub(super) asked: String,
    /// What can be chosen, as JSON.
    pub(super) choices: String,
    /// What answers the same in a terminal, as markup.
    pub(super) command: String,
    /// A WebAssembly module that answers, compressed by gzip.
    pub(super) module: &'m [u8],
}

/// The scripts of a page: what it does by itself, and what it does where it answers.
pub(super) struct Scripts {
    pub(super) own: &'static str,
    pub(super) answering: &'static str,
}

/// What a page shows, as markup by the names of the places where it stands (`data-part`). A page that answers puts those
/// of the answer into the same places.
pub(super) fn parts<const N: usize>(parts: [(&str, String); N]) -> Named<String> {
    Named(parts.into_iter().map(|(name, text)| (name.to_string(), text)).collect())
}

/// What every page begins with.
const HEAD: &str = include_str!("head.html");

/// The page of a template for its body: its words, its parts, and what it needs to answer. In the template the words stand in
/// braces; `{policy}`, `{fields}` and `{scripts}` are those of this function.
pub(super) fn page(
    template: &str,
    words: &[(&str, String)],
    parts: &Named<String>,
    scripts: &Scripts,
    live: Option<&Live<'_>>,
) -> String {
    let mut all: Vec<(String, String)> =
        words.iter().map(|(name, text)| (format!("{{{name}}}"), text.clone())).collect();
    all.extend(parts.0.iter().map(|(name, text)| (format!("{{{name}}}"), text.clone())));
    let (policy, style, fields, module, script) = match live {
        None => ("", "", String::new(), String::new(), scripts.own.to_string()),
        Some(live) => (
            " 'wasm-unsafe-eval' blob:; worker-src blob:",
            include_str!("live.css"),
            FIELDS.replace("{command}", &live.command),
            embedded(live),
            [PAGE_SCRIPT, include_str!("live.js"), scripts.own, scripts.answering].concat(),
        ),
    };
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'{policy}"
    );
    all.extend([
        ("{policy}".to_string(), policy),
        ("{live-style}".to_string(), style.to_string()),
        ("{fields}".to_string(), fields),
        (
            "{scripts}".to_string(),
            format!("{module}<script>\n\"use strict\";\n(() => {{\n{script}}})();\n</script>"),
        ),
    ]);
    let all: Vec<(&str, String)> =
        all.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    filled(&[HEAD, template].concat(), &all)
}

/// JSON for an element of its own, where only `<` could end it.
pub(super) fn quoted(json: &str) -> String {
    json.replace('<', "\\u003c")
}

/// Where what can be changed stands, and what is wrong with it.
const FIELDS: &str = "<div id=\"fields\" role=\"group\" aria-label=\"What can be changed\"></div>\n\
    <div id=\"problem\" role=\"alert\" hidden></div>\n\
    <p class=\"same\">The same in a terminal: <code id=\"command\" data-part=\"command\">{command}</code></p>\n\
    <noscript><p>Without scripts, this page shows what it was written with.</p></noscript>\n";

fn embedded(live: &Live<'_>) -> String {
    let json = |id: &str, text: &str| {
        format!("<script type=\"application/json\" id=\"{id}\">{}</script>\n", quoted(text))
    };
    let worker = [WORKER_SCRIPT, include_str!("worker.js")].concat();
    json("asked", &live.asked)
        + &json("choices", &live.choices)
        + &format!("<script type=\"text/plain\" id=\"worker\">\n{worker}</script>\n")
        + &format!("<script type=\"text/plain\" id=\"module\">{}</script>\n", base64(live.module))
}
