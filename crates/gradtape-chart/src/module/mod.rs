//! Pages with a WebAssembly module inside of them: the module as text, and the scripts that load and call it.

/// What a page runs before its own script: `lacks()` says what a browser without the means lacks, or null, and
/// `library(worker, module, told)` starts a worker with the module and hands each of its messages to `told`.
pub const PAGE_SCRIPT: &str = include_str!("page.js");

/// What a worker runs before its own script, which sets `PREFIX`, the beginning of the names of the module's functions:
/// `unpacked(bytes)` compiles the module, `fresh()` makes an instance, `given(bytes...)` writes its input, `call`, `json`
/// and `floats` call a function and read its output, `panicked(error)` is the text of a panic.
pub const WORKER_SCRIPT: &str = include_str!("worker.js");

/// Bytes as base64 (RFC 4648, with padding), which a page unpacks with `atob`.
///
/// ```
/// assert_eq!(gradtape_chart::base64(b"foob"), "Zm9vYg==");
/// ```
pub fn base64(bytes: &[u8]) -> String {
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
}
