//! [`Page`]: a page of HTML that needs nothing beside itself: no network, no other file, no script.

use std::fmt::Display;

use gradtape_chart::text::escaped;
use gradtape_chart::{Chart, THEME};

use crate::error::{Failure, Outcome};

/// A page of sections.
pub(crate) struct Page {
    title: String,
    body: String,
}

impl Page {
    /// An empty page; the title is text.
    pub(crate) fn new(title: impl Display) -> Page {
        Page { title: text(title), body: String::new() }
    }

    /// Adds a section whose name is text and whose body is HTML.
    pub(crate) fn section(&mut self, name: &str, body: &str) {
        self.body += &format!("<section>\n<h2>{}</h2>\n{body}</section>\n", text(name));
    }

    /// The whole page.
    pub(crate) fn html(&self) -> String {
        let Page { title, body } = self;
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>\n{THEME}{}</style>\n</head>\n<body>\n<header><h1>{title}</h1></header>\n\
             <main>\n{body}</main>\n</body>\n</html>\n",
            include_str!("page.css")
        )
    }
}

/// Text as it stands in HTML, without control characters.
pub(crate) fn text(text: impl Display) -> String {
    let plain = text.to_string().replace(|c: char| c.is_control() && c != '\n', " ");
    escaped(&plain)
}

/// A paragraph of text.
pub(crate) fn paragraph(words: impl Display) -> String {
    format!("<p>{}</p>\n", text(words))
}

/// A list of texts.
pub(crate) fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let items = items.into_iter().map(|item| format!("<li>{}</li>\n", text(item)));
    format!("<ul>\n{}</ul>\n", items.collect::<String>())
}

/// Names with what they stand for, both text.
pub(crate) fn terms<N: Display, T: Display>(rows: impl IntoIterator<Item = (N, T)>) -> String {
    let row = |(name, value): (N, T)| format!("<dt>{}</dt><dd>{}</dd>\n", text(name), text(value));
    format!("<dl>\n{}</dl>\n", rows.into_iter().map(row).collect::<String>())
}

/// A cell of a table.
pub(crate) enum Cell {
    Text(String),
    /// With a background as strong as a share.
    Shade {
        text: String,
        share: f64,
        right: bool,
    },
    /// With a bar as long as a share of the cell.
    Bar {
        text: String,
        share: f64,
    },
}

impl Cell {
    fn html(&self) -> String {
        match self {
            Cell::Text(own) => format!("<td>{}</td>", text(own)),
            Cell::Shade { text: own, share, right } => {
                let class = if *right { "right" } else { "wrong" };
                let share = 100.0 * share.clamp(0.0, 1.0);
                format!("<td class=\"{class}\" style=\"--share: {share:.0}%\">{}</td>", text(own))
            }
            Cell::Bar { text: own, share } => {
                let share = 100.0 * share.clamp(0.0, 1.0);
                format!("<td class=\"bar\" style=\"--share: {share:.1}%\">{}</td>", text(own))
            }
        }
    }
}

/// A table with a heading for each column; the first cell of each row names it. What it shows is text. It can be scrolled
/// sideways where it is wider than the page.
pub(crate) fn table(caption: &str, headings: &[String], rows: &[(String, Vec<Cell>)]) -> String {
    let heading = |name: &String| format!("<th scope=\"col\">{}</th>", text(name));
    let row = |(name, cells): &(String, Vec<Cell>)| {
        let cells: String = cells.iter().map(Cell::html).collect();
        format!("<tr><th scope=\"row\">{}</th>{cells}</tr>\n", text(name))
    };
    let class = if headings.len() > 12 { "many" } else { "few" };
    let caption = text(caption);
    format!(
        "<div class=\"wide\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\">\n<table class=\"{class}\">\n\
         <caption>{caption}</caption>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n</div>\n",
        headings.iter().map(heading).collect::<String>(),
        rows.iter().map(row).collect::<String>()
    )
}

/// The panels of a chart, below each other or side by side, with what is to be known of them under all.
pub(crate) fn figures(chart: &Chart, below: impl Display) -> Outcome<String> {
    let panels = chart.figures().map_err(Failure::failed)?;
    let panels = panels.iter().map(|panel| format!("<div class=\"panel\">{panel}</div>\n"));
    Ok(format!(
        "<figure>\n<div class=\"panels\">\n{}</div>\n<figcaption>{}</figcaption>\n</figure>\n",
        panels.collect::<String>(),
        text(below)
    ))
}

/// What is shown when the reader asks for it: a name that is text, and HTML.
pub(crate) fn details(name: &str, body: &str) -> String {
    format!("<details>\n<summary>{}</summary>\n{body}</details>\n", text(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_data_is_no_markup() {
        let hostile = "</td><script>alert(\"&\")</script>\u{1b}";
        let cells = || {
            vec![
                Cell::Text(hostile.into()),
                Cell::Shade { text: hostile.into(), share: f64::NAN, right: true },
                Cell::Bar { text: hostile.into(), share: 7.0 },
            ]
        };
        let mut page = Page::new(hostile);
        let rows = [(hostile.to_string(), cells())];
        let body = table(hostile, &[hostile.into()], &rows)
            + &list([hostile])
            + &terms([(hostile, hostile)])
            + &paragraph(hostile)
            + &details(hostile, "");
        page.section(hostile, &body);
        let html = page.html();
        assert!(!html.contains("<script") && !html.contains('\u{1b}'), "{html}");
        assert_eq!(html.matches("&lt;script&gt;alert(&quot;&amp;&quot;)").count(), 15);
    }
}
