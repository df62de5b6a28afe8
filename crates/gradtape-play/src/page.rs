//! The page: one file that needs nothing beside itself.

use gradtape_chart::THEME;

/// The library as a WebAssembly module, compressed by gzip, as `scripts/play.sh` makes it.
pub const MODULE: &[u8] = include_bytes!("../page/module.wasm.gz");

/// The scripts of the page, in the order in which they run.
const SCRIPTS: [&str; 8] = [
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
        ("{{worker}}", include_str!("../page/worker.js")),
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

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let all = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            match place <= chunk.len() {
                true => text.push(DIGITS[(all >> (18 - 6 * place) & 63) as usize] as char),
                false => text.push('='),
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        let cases =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
        for (text, coded) in cases {
            assert_eq!(base64(text.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xff, 0xef, 0xbe]), "/+++");
    }

    #[test]
    fn what_is_put_in_is_no_markup() {
        let page = page("formula=y > 1</script><script>alert(1)");
        assert!(!page.contains("alert(1)</script>") && !page.contains("1</script><script>alert"));
        assert!(!page.contains("{{"), "a place is not filled");
    }
}
