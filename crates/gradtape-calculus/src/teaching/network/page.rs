//! A network as a page: its picture, stepped forward and backward, and the chain rule for what is clicked.

use gradtape_chart::THEME;
use gradtape_chart::text::escaped;

use super::backpropagation::Backpropagation;
use crate::report::{Error, Result};
use crate::teaching::explain::STYLE;
use crate::teaching::svg::filled;

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
        let shown = match self.examples {
            1 => String::new(),
            n => format!(
                "Units show example 1 of {n}; the gradients of weights and biases are those of all {n}."
            ),
        };
        let words = [
            ("{title}", escaped(&self.title())),
            ("{style}", format!("{THEME}{STYLE}{}", include_str!("page.css"))),
            ("{width}", format!("{width:.0}")),
            ("{height}", format!("{height:.0}")),
            ("{graph}", drawn.body),
            ("{last}", drawn.lines.len().to_string()),
            ("{shown}", shown),
            ("{text}", escaped(&self.to_string())),
            // In a script element, only `<` could end it.
            ("{lines}", lines.replace('<', "\\u003c")),
            ("{script}", include_str!("page.js").to_string()),
        ];
        Ok(filled(include_str!("page.html"), &words))
    }
}
