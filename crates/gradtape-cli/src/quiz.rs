//! `gradtape explain --quiz`: the lines of an explanation with their results left open, and answers checked.

use std::io::{BufRead, IsTerminal, Write};

use gradtape_calculus::Explanation;

use crate::error::{Failure, Outcome};
use crate::output::Output;

/// An answer that is this near, as a share of the right number, is right.
const NEAR: f64 = 5e-3;

/// One line of a walk up to its result, and the result.
struct Question {
    text: String,
    answer: f64,
}

/// Asks for each value and each gradient, reads an answer per line, and tells which are right. Ends with the input; what
/// is left then is shown open.
pub(crate) fn ask(found: &Explanation, output: &Output) -> Outcome {
    let questions = questions(found);
    let stdin = std::io::stdin();
    let asks = stdin.is_terminal();
    let mut answers = stdin.lock().lines();
    let (mut right, mut answered) = (0, 0);
    let at = found.at.0.iter().map(|(name, value)| format!("{name} = {}", shown(value.0)));
    let at = at.collect::<Vec<_>>().join(", ");
    output.write(&format!("{}   at {at}\n\n", found.expression))?;
    for Question { text, answer } in &questions {
        output.write(&format!("{text} = ___\n"))?;
        if asks {
            output.flush()?;
            eprint!("  your answer: ");
            std::io::stderr().flush().map_err(Failure::failed)?;
        }
        let Some(given) = answers.next().transpose().map_err(Failure::failed)? else { continue };
        answered += 1;
        let said = match given.trim().parse::<f64>() {
            Ok(number) if near(number, *answer) => {
                right += 1;
                "  right\n".to_string()
            }
            Ok(_) => format!("  not {}: {}\n", given.trim(), shown(*answer)),
            Err(_) => format!("  {:?} is no number: {}\n", given.trim(), shown(*answer)),
        };
        output.write(&said)?;
    }
    match answered {
        0 => output.write("\nAnswers are read from the input, one on a line.\n"),
        _ => output.write(&format!("\n{right} of {} right\n", questions.len())),
    }
}

/// The lines that compute something, forward, then backward; without the result at their end.
fn questions(found: &Explanation) -> Vec<Question> {
    let open = |text: &str| text.rsplit_once(" = ").map(|(rest, _)| rest.to_string());
    let forward = found.forward.iter().filter(|line| !found.nodes[line.node].inputs.is_empty());
    let forward = forward.map(|line| (line, found.nodes[line.node].value.0));
    // The first one is 1 by itself.
    let backward = found.backward.iter().skip(1);
    let backward = backward.map(|line| (line, found.nodes[line.node].gradient.0));
    forward
        .chain(backward)
        .filter_map(|(line, answer)| Some(Question { text: open(&line.text)?, answer }))
        .collect()
}

fn near(number: f64, answer: f64) -> bool {
    number == answer
        || number.is_nan() && answer.is_nan()
        || (number - answer).abs() <= NEAR * answer.abs()
}

fn shown(answer: f64) -> String {
    gradtape_calculus::chart::text::short(answer)
}
