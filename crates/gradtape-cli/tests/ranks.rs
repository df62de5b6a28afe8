//! Batches in shards, and what launchers of several processes are told.

use crate::common::{Folder, Run, command};

#[test]
fn shards_belong_to_the_result_and_threads_do_not() {
    let folder = Folder::new("shards");
    let model = |flags: &str, out: &str| {
        let train = "train iris --members 1 --epochs 5 --quiet";
        folder.run(&format!("{train} {flags} --out {out}")).ok();
        folder.read(&format!("{out}/model.safetensors"))
    };
    let four = model("--shards 4 --threads 1", "four");
    assert!(four == model("--shards 4 --threads 2", "again"));
    assert!(four != model("--shards 8", "eight"));
}

#[test]
fn a_checkpoint_knows_its_shards() {
    let folder = Folder::new("shards-resumed");
    let train =
        "train moons --hidden 8 --dropout 0.2 --shards 4 --quiet --checkpoint-every 1epochs";
    folder.run(&format!("{train} --epochs 6 --out whole")).ok();
    folder.run(&format!("{train} --epochs 3 --out part")).ok();
    folder.run("train --resume part --epochs 6 --out part").ok();
    let model = |out: &str| folder.read(&format!("{out}/model.safetensors"));
    assert!(model("whole") == model("part"));
    folder.run("train --resume part --shards 2 --epochs 9 --out part").fails(1, &["shards"]);
}

#[test]
fn what_cannot_be_cut_is_told() {
    let folder = Folder::new("uncut");
    folder.run("train iris --shards 0").fails(2, &["--shards", "at least 1"]);
    let train = "train iris --members 1 --epochs 1 --shards 4";
    folder
        .run(&format!("{train} --class-weights balanced"))
        .fails(2, &["--class-weights and --shards", "leave one"]);
    folder.run(&format!("{train} --accumulate 2")).fails(1, &["gathers several batches"]);
    folder.run(&format!("{train} --precision f16")).fails(1, &["bf16 needs no scale"]);
    folder
        .run(&format!("{train} --optimizer lbfgs"))
        .fails(1, &["looks at the loss several times"]);
}

#[test]
fn a_launcher_of_several_processes_is_told_what_is_missing() {
    let folder = Folder::new("launched");
    let launched = |arguments: &str, variables: &[(&str, &str)]| {
        let mut run = command(&folder.path("."), arguments);
        Run::of(run.envs(variables.iter().copied()).output().unwrap())
    };
    let four = [("OMPI_COMM_WORLD_SIZE", "4")];
    launched("train iris", &four).fails(2, &["mpirun started 4 processes", "--shards 8"]);
    launched("tune iris", &four).fails(2, &["share one training"]);
    launched("train iris --folds 3", &four).fails(2, &["share one training"]);
    if !cfg!(feature = "mpi") {
        let words = ["built without MPI", "--features mpi"];
        launched("train iris --shards 4", &four).fails(2, &words);
    }
    let script = [("SLURM_JOB_ID", "7"), ("SLURM_NTASKS", "2")];
    launched("train iris", &script).fails(2, &["this job has 2 tasks", "srun gradtape train"]);
    // One process is a training as any other.
    launched("train iris --epochs 1 --quiet", &[("OMPI_COMM_WORLD_SIZE", "1")]).ok();
}

#[test]
#[cfg(unix)]
fn the_signal_of_a_cluster_saves_and_ends_well() {
    use std::process::{Command, Stdio};
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    let folder = Folder::new("requeued");
    let train = "train iris --members 1 --epochs 1000000 --early-stopping 1000000 --quiet --checkpoint-every 1epochs";
    let mut run = command(&folder.path("."), train);
    let mut child = run.stdout(Stdio::null()).spawn().unwrap();
    let started = Instant::now();
    while !folder.path("checkpoints").is_dir() {
        assert!(started.elapsed() < Duration::from_secs(60));
        sleep(Duration::from_millis(5));
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-USR1", &id]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    assert!(folder.path("model.safetensors").is_file());
}
