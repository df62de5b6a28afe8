//! The page: one file that needs nothing beside itself.

use gradtape_chart::{PAGE_SCRIPT, THEME, WORKER_SCRIPT, base64};

/// The library as a WebAssembly module, compressed by gzip, as `scripts/play.sh` makes it.
pub const MODULE: &[u8] = include_bytes!("../page/module.wasm.gz");

/// The scripts of the page, in the order in which they run.
const SCRIPTS: [&str; 9] = [
    PAGE_SCRIPT,
    include_str!("../page/state.js"),
    include_str!("../page/controls.js"),
    include_str!("../page/colours.js"),
    include_str!("../page/picture.js"),
    include_str!("../page/network.js"),
    include_str!("../page/tables.js"),
    include_str!("../page/take.js"),
    include_str!("../page/main.js"),
];

/// The page as one file of HTML, which opens with some settings, `name=value` lines as
/// [`Settings::text`](crate::Settings::text) gives them, where its address says nothing else.
///
/// ```
/// let page = gradtape_play::page("data=xor\n");
/// assert!(page.len() < 2_000_000 && page.contains("data=xor"));
/// ```
pub fn page(settings: &str) -> String {
    let scripts = SCRIPTS.concat();
    let settings = serde_json::to_string(settings).unwrap_or_default().replace('<', "\\u003c");
    let parts = [
        ("{{theme}}", THEME),
        ("{{style}}", include_str!("../page/page.css")),
        ("{{worker}}", &[WORKER_SCRIPT, include_str!("../page/worker.js")].concat()),
        ("{{scripts}}", &scripts),
        ("{{settings}}", &settings),
        ("{{module}}", &base64(MODULE)),
    ];
    let mut page = include_str!("../page/page.html").to_string();
    for (place, text) in parts {
        page = page.replacen(place, text, 1);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_no_markup() {
        let page = page("formula=y > 1</script><script>alert(1)");
        assert!(!page.contains("alert(1)</script>") && !page.contains("1</script><script>alert"));
        assert!(!page.contains("{{"), "a place is not filled");
    }
}
