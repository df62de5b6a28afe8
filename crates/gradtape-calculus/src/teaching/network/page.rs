//! A network as a page: its picture, stepped forward and backward, and the chain rule for what is clicked.

use gradtape_chart::THEME;
use gradtape_chart::text::escaped;

use super::backpropagation::Backpropagation;
use crate::report::{Error, Named, Result, short};
use crate::teaching::explain::STYLE;
use crate::teaching::live::{Live, Scripts, page, parts, quoted};

/// As a share of its size, smaller than this the picture of the layers is not read.
const SMALLEST: f64 = 0.7;

impl Backpropagation {
    /// A page that needs nothing beside itself. A slider steps through the layers: forward the values appear, backward the
    /// gradients. A click on a unit or an edge, or Enter on a unit, writes its chain rule out with its numbers.
    /// Without scripts, and in print, everything is shown at once.
    ///
    /// # Errors
    /// As [`Backpropagation::svg`].
    pub fn html(&self) -> Result<String> {
        self.page(None)
    }

    /// The page, which answers if it is given what it needs for that.
    pub(crate) fn page(&self, live: Option<&Live<'_>>) -> Result<String> {
        let words = [
            ("title", escaped(&self.title())),
            ("style", format!("{THEME}{STYLE}{}", include_str!("page.css"))),
            ("last", self.drawn()?.lines.len().to_string()),
        ];
        let own = concat!(include_str!("../live/walk.js"), include_str!("page.js"));
        let scripts = Scripts { own, answering: include_str!("answering.js") };
        Ok(page(include_str!("page.html"), &words, &self.parts()?, &scripts, live))
    }

    /// What the page shows of the network.
    pub(crate) fn parts(&self) -> Result<Named<String>> {
        let drawn = self.drawn()?;
        let (width, height) = (drawn.width + 32.0, drawn.height + 32.0);
        let lines =
            serde_json::to_string(&drawn.lines).map_err(|error| Error::new(error.to_string()))?;
        let graph = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"gradtape\" viewBox=\"-16 -16 {width:.0} {height:.0}\" \
             width=\"{width:.0}\" height=\"{height:.0}\">\n{}</svg>",
            drawn.body
        );
        let layers = self.layers();
        let (width, height) = (layers.width + 32.0, layers.height + 32.0);
        let by_layer = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"gradtape\" viewBox=\"-16 -16 {width:.0} {height:.0}\" \
             width=\"{width:.0}\" height=\"{height:.0}\" style=\"min-width: {:.0}px\">\n{}</svg>",
            SMALLEST * width,
            layers.body
        );
        let mut shown = match self.examples {
            1 => String::new(),
            n => format!(
                "Units show example 1 of {n}; the gradients of weights and biases are those of all {n}. "
            ),
        };
        shown += &self.notes.join("; ");
        Ok(parts([
            ("head", format!("<h1>{}</h1>", escaped(&self.title()))),
            ("graph", graph),
            ("layers", by_layer),
            ("shown", escaped(&shown)),
            ("text", escaped(&self.to_string())),
            ("warning", self.warning()),
            ("data", quoted(&lines)),
        ]))
    }

    /// Why the loss or a gradient is no number, where that is so.
    fn warning(&self) -> String {
        let numbers = self.gradient.values().flat_map(|array| array.data());
        let finite = self.value.0.is_finite() && numbers.into_iter().all(|x| x.is_finite());
        match finite {
            true => String::new(),
            false => {
                format!("the loss is {} here\n  {}", short(self.value.0), self.notes.join("\n  "))
            }
        }
    }
}
