//! The page of a secant.

use gradtape_chart::THEME;
use gradtape_chart::text::escaped;

use super::explain::{entries, pairs};
use crate::expression::Expr;
use crate::report::{Error, Named, Result, exact, short};
use crate::teaching::live::{self, Live, Scripts};
use crate::teaching::secant::{PAGE, Secant, secant};

fn found(expr: &str, at: &[(String, f64)], wrt: Option<&str>, step: f64) -> Result<Secant> {
    let found = secant(&Expr::parse(expr)?, &entries(at), wrt, step);
    found.map_err(|error| error.shown_in(expr))
}

pub(super) fn parts(
    expr: &str,
    at: &[(String, f64)],
    wrt: Option<&str>,
    step: f64,
) -> Result<Named<String>> {
    let found = found(expr, at, wrt, step)?;
    let chart = found.chart();
    let refused = |error: gradtape_chart::Error| Error::new(error.to_string());
    let x = escaped(&found.variable);
    let head = format!(
        "<h1>{}</h1><p>d/d{x} = {}, the slope of the tangent. The secant goes through the points at {x} and {x} + h.</p>",
        escaped(&chart.title),
        short(found.derivative.0)
    );
    let figure = chart.figures().map_err(refused)?.concat();
    let caption = format!("<figcaption>{}</figcaption>", escaped(&found.caption()));
    Ok(live::parts([("head", head), ("figure", figure + &caption), ("warning", String::new())]))
}

/// Without a module, the steps of [`Secant::html`].
pub(super) fn page(
    expr: &str,
    at: &[(String, f64)],
    wrt: Option<&str>,
    step: f64,
    live: Option<&Live<'_>>,
) -> Result<String> {
    if live.is_none() {
        return found(expr, at, wrt, step)?.html();
    }
    let words = [("title", escaped(expr)), ("style", format!("{THEME}{PAGE}"))];
    let scripts = Scripts { own: "", answering: include_str!("secant.js") };
    let parts = parts(expr, at, wrt, step)?;
    Ok(live::page(include_str!("secant.html"), &words, &parts, &scripts, live))
}

pub(super) fn command(expr: &str, at: &[(String, f64)], wrt: Option<&str>, step: f64) -> String {
    let wrt = wrt.map(|name| format!(" --wrt {name}")).unwrap_or_default();
    let at = pairs(at);
    escaped(&format!(
        "gradtape explain \"{expr}\" --at {at} --differences{wrt} --step {}",
        exact(step)
    ))
}
