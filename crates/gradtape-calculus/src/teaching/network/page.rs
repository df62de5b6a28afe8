//! A network as a page: its picture, stepped forward and backward, and the chain rule for what is clicked.

use gradtape_chart::THEME;
use gradtape_chart::text::escaped;

use super::backpropagation::Backpropagation;
use crate::report::{Error, Result};
use crate::teaching::explain::STYLE;

impl Backpropagation {
    /// A page that needs nothing beside itself. A slider steps through the layers: forward the values appear, backward the
    /// gradients. A click on a unit or an edge, or Enter on a unit, writes its chain rule out with its numbers.
    /// Without scripts, and in print, everything is shown at once.
    ///
    /// # Errors
    /// As [`Backpropagation::svg`].
    pub fn html(&self) -> Result<String> {
        let drawn = self.drawn()?;
        let (width, height) = (drawn.width + 32.0, drawn.height + 32.0);
        let lines =
            serde_json::to_string(&drawn.lines).map_err(|error| Error::new(error.to_string()))?;
        let title = escaped(&self.title());
        let last = drawn.lines.len();
        let shown = match self.examples {
            1 => String::new(),
            n => format!(
                "Units show example 1 of {n}; the gradients of weights and biases are those of all {n}."
            ),
        };
        Ok(format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
             script-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{title}</title>\n<style>\n{THEME}{STYLE}{}</style>\n</head>\n<body>\n<h1>{title}</h1>\n\
             <figure id=\"graph\" tabindex=\"0\" aria-label=\"The network; it scrolls\">\n\
             <svg xmlns=\"http://www.w3.org/2000/svg\" class=\"gradtape\" viewBox=\"-16 -16 {width:.0} {height:.0}\" \
             width=\"{width:.0}\" height=\"{height:.0}\">\n{}</svg>\n</figure>\n\
             <div id=\"controls\">\n\
             <button type=\"button\" id=\"back\" aria-label=\"One step back\">◀</button>\n\
             <button type=\"button\" id=\"on\" aria-label=\"One step on\">▶</button>\n\
             <button type=\"button\" id=\"play\">play</button>\n\
             <input type=\"range\" id=\"step\" min=\"0\" max=\"{last}\" value=\"{last}\" aria-label=\"Step\" autocomplete=\"off\">\n\
             <output id=\"line\" aria-live=\"polite\"></output>\n</div>\n\
             <p>{shown}</p>\n\
             <p id=\"said\" aria-live=\"polite\">A click on a unit or an edge shows its chain rule.</p>\n\
             <details><summary>Both walks, in components and in matrices</summary>\n<pre>{}</pre></details>\n\
             <script type=\"application/json\" id=\"data\">{}</script>\n<script>\n{}</script>\n</body>\n</html>\n",
            include_str!("page.css"),
            drawn.body,
            escaped(&self.to_string()),
            lines.replace('<', "\\u003c"),
            include_str!("page.js"),
        ))
    }
}
