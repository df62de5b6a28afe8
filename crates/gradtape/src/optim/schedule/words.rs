//! Schedules in words.

use std::fmt;

use super::{Anneal, OneCycle, Plateau, Schedule, Threshold};

/// In the form that [`Schedule::by_name`] reads, with all settings.
///
/// ```
/// use gradtape::optim::Schedule;
/// let schedule = Schedule::by_name("warmup_linear@10/cosine", 0.1, 100)?;
/// let text = schedule.to_string();
/// assert_eq!(text, "warmup_linear:warmup=1@10/cosine:t_max=90,eta_min=0");
/// assert_eq!(Schedule::by_name(&text, 0.1, 100)?, schedule);
/// # Ok::<(), gradtape::Error>(())
/// ```
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Schedule::Constant => f.write_str("constant"),
            Schedule::Step { step_size, gamma } => {
                write!(f, "step:step_size={step_size},gamma={gamma}")
            }
            Schedule::MultiStep { milestones, gamma } => {
                let milestones: Vec<String> = milestones.iter().map(u64::to_string).collect();
                write!(f, "multi_step:milestones={},gamma={gamma}", milestones.join("+"))
            }
            Schedule::Exponential { gamma } => write!(f, "exponential:gamma={gamma}"),
            Schedule::Linear { start_factor, end_factor, total_iters } => write!(
                f,
                "linear:start_factor={start_factor},end_factor={end_factor},total_iters={total_iters}"
            ),
            Schedule::Polynomial { total_iters, power } => {
                write!(f, "polynomial:total_iters={total_iters},power={power}")
            }
            Schedule::Cosine { t_max, eta_min } => {
                write!(f, "cosine:t_max={t_max},eta_min={eta_min}")
            }
            Schedule::CosineRestarts { t_0, t_mult, eta_min } => {
                write!(f, "cosine_restarts:t_0={t_0},t_mult={t_mult},eta_min={eta_min}")
            }
            Schedule::WarmupLinear { warmup } => write!(f, "warmup_linear:warmup={warmup}"),
            Schedule::WarmupDecay { warmup, total } => {
                write!(f, "warmup_decay:warmup={warmup},total={total}")
            }
            Schedule::OneCycle(cycle) => one_cycle(cycle, f),
            Schedule::Plateau(own) => plateau(own, f),
            Schedule::Sequence { parts, milestones } => {
                for (number, part) in parts.iter().enumerate() {
                    part.fmt(f)?;
                    if let Some(end) = milestones.get(number) {
                        write!(f, "@{end}/")?;
                    }
                }
                Ok(())
            }
        }
    }
}

fn one_cycle(cycle: &OneCycle, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let OneCycle {
        max_lr,
        total_steps,
        pct_start,
        div_factor,
        final_div_factor,
        anneal,
        three_phase,
    } = cycle;
    let anneal = match anneal {
        Anneal::Cosine => "cosine",
        Anneal::Linear => "linear",
    };
    write!(f, "one_cycle:max_lr={max_lr},total_steps={total_steps},pct_start={pct_start},")?;
    write!(f, "div_factor={div_factor},final_div_factor={final_div_factor},")?;
    write!(f, "anneal={anneal},three_phase={three_phase}")
}

fn plateau(plateau: &Plateau, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Plateau { factor, patience, threshold, maximize, cooldown, min_lr, eps } = plateau;
    let (threshold, by) = match threshold {
        Threshold::Relative(by) => (by, "rel"),
        Threshold::Absolute(by) => (by, "abs"),
    };
    let mode = if *maximize { "max" } else { "min" };
    write!(f, "plateau:factor={factor},patience={patience},threshold={threshold},")?;
    write!(f, "threshold_mode={by},mode={mode},cooldown={cooldown},min_lr={min_lr},eps={eps}")
}
