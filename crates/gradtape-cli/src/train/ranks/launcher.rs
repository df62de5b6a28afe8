//! What started this process, and how many others with it.

use crate::error::{Failure, Outcome};

/// What starts several processes that belong together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Launcher {
    pub(super) name: &'static str,
    pub(super) count: usize,
}

/// What launchers tell each process, and how many there are.
const KNOWN: [(&str, &str); 4] = [
    ("OMPI_COMM_WORLD_SIZE", "mpirun"),
    ("PMI_SIZE", "mpirun"),
    ("MV2_COMM_WORLD_SIZE", "mpirun"),
    ("SLURM_STEP_NUM_TASKS", "srun"),
];

impl Launcher {
    /// One that started several processes, from the environment, in which launchers tell it. Fails in a job of several tasks
    /// of which nothing started more than this one.
    pub(super) fn of_several() -> Outcome<Option<Launcher>> {
        #[allow(
            clippy::disallowed_methods,
            reason = "launchers tell it there, and it changes no result"
        )]
        let found = Launcher::of(&|name| std::env::var(name).ok())?;
        Ok(found.filter(|launcher| launcher.count > 1))
    }

    fn of(variable: &dyn Fn(&str) -> Option<String>) -> Outcome<Option<Launcher>> {
        let number = |name: &str| variable(name).and_then(|text| text.trim().parse().ok());
        let found = KNOWN
            .iter()
            .find_map(|&(variable, name)| number(variable).map(|count| Launcher { name, count }));
        // Of a job's own script, which is no step that srun started.
        let is_script =
            variable("SLURM_STEP_ID").is_none_or(|id| id == "batch" || id == "4294967291");
        match (found, number("SLURM_NTASKS")) {
            (Some(found), _) if found.name == "mpirun" || !is_script => Ok(Some(found)),
            (_, Some(tasks)) if tasks > 1 && is_script && variable("SLURM_JOB_ID").is_some() => {
                Err(Failure::usage(format!(
                    "this job has {tasks} tasks, and only this one was started: sbatch starts the script once\n  hint: write \
                     `srun gradtape train …` in it, or ask for one task"
                )))
            }
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Outcome<Option<Launcher>> {
        Launcher::of(&|name| {
            variables.iter().find(|(own, _)| *own == name).map(|(_, value)| value.to_string())
        })
    }

    #[test]
    fn launchers_are_known_by_what_they_tell() {
        assert_eq!(of(&[]).unwrap(), None);
        let mpirun = of(&[("OMPI_COMM_WORLD_SIZE", "4")]).unwrap();
        assert_eq!(mpirun, Some(Launcher { name: "mpirun", count: 4 }));
        let srun = [("SLURM_JOB_ID", "7"), ("SLURM_NTASKS", "2"), ("SLURM_STEP_NUM_TASKS", "2")];
        let step = of(&[srun[0], srun[1], srun[2], ("SLURM_STEP_ID", "0")]).unwrap();
        assert_eq!(step, Some(Launcher { name: "srun", count: 2 }));
        // Several tasks were asked for, and the script is one process.
        for id in [None, Some(("SLURM_STEP_ID", "batch"))] {
            let told: Vec<_> = srun[..2].iter().copied().chain(id).collect();
            let failure = of(&told).unwrap_err();
            assert!(failure.message().contains("srun gradtape train"), "{}", failure.message());
        }
        assert_eq!(of(&[("SLURM_JOB_ID", "7"), ("SLURM_NTASKS", "1")]).unwrap(), None);
        // mpirun within a job.
        let within = of(&[srun[0], srun[1], ("OMPI_COMM_WORLD_SIZE", "2")]).unwrap();
        assert_eq!(within, Some(Launcher { name: "mpirun", count: 2 }));
        assert_eq!(of(&[("OMPI_COMM_WORLD_SIZE", "many")]).unwrap(), None);
    }
}
