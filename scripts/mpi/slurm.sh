#!/usr/bin/env bash
# One training as a job of SLURM on this machine: srun starts the ranks, and a job that is told that its time is over saves, is
# requeued and goes on to the same bits.
#
#     scripts/mpi/slurm.sh PROGRAM
#
# Needs root and slurm-wlm, munge; starts daemons of its own. PROGRAM is gradtape, built with the feature mpi.
set -euo pipefail
program=$(realpath "$1")
work=$(mktemp -d)
chmod 755 "$work"
cd "$work"
host=$(hostname -s)
export SLURM_CONF=$work/slurm.conf

end() {
    pkill -f "slurmctld.*$work" || true
    pkill -f "slurmd.*$work" || true
    rm -rf /tmp/spmix_appdir_*_"${job:-none}".*
    sleep 1
    rm -rf "$work"
}
trap end EXIT

mkdir -p /run/munge state spool
chown munge: /run/munge
pgrep -x munged >/dev/null || runuser -u munge -- munged --force
cat >slurm.conf <<CONF
ClusterName=one
FirstJobId=$((RANDOM + 2))
SlurmctldHost=$host
SlurmUser=root
AuthType=auth/munge
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=pmix
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ReturnToService=2
KillWait=20
SlurmdParameters=config_overrides
NodeName=$host NodeAddr=127.0.0.1 CPUs=8 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP OverSubscribe=YES
CONF
slurmctld -f "$work/slurm.conf"
slurmd -f "$work/slurm.conf"
for _ in $(seq 100); do
    if sinfo -h -o %t 2>/dev/null | grep -q "^idle"; then break; fi
    sleep 0.2
done
sinfo

"$program" train digits --hidden 64 --epochs 1500 --shards 8 --out alone -q

cat >job.sh <<JOB
#!/bin/bash
#SBATCH --ntasks=4
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=$work/job.log
# What is there of an earlier turn is gone on with.
if [ -e $work/run/checkpoints ]; then
    srun $program train --resume $work/run --out $work/run -q
else
    srun $program train digits --hidden 64 --epochs 1500 --shards 8 --threads 1 --checkpoint-every 200steps --out $work/run -q
fi
JOB
job=$(sbatch --parsable job.sh)
state() { scontrol show job "$job" 2>/dev/null | grep -o "JobState=[A-Z]*" | cut -d= -f2; }
for _ in $(seq 100); do
    if ls run/checkpoints 2>/dev/null | grep -q step; then break; fi
    sleep 0.1
done
if ! ls run/checkpoints >/dev/null 2>&1; then
    echo "the job wrote no checkpoint:"
    scontrol show job "$job" | head -12
    cat job.log slurmd.log
    exit 1
fi
# As `--signal=USR1@60` has SLURM do before the time is over.
scancel --signal=USR1 "$job"
for _ in $(seq 100); do
    case $(state) in COMPLETED | FAILED | "") break ;; esac
    sleep 0.2
done
echo "after SIGUSR1: $(state), $(ls run/checkpoints | sort -V | tail -1)"
scontrol requeue "$job"
for _ in $(seq 1000); do
    sleep 0.3
    case $(state) in COMPLETED | FAILED) break ;; esac
done
echo "after the requeue: $(state)"
cat job.log
cmp alone/model.safetensors run/model.safetensors
echo "the same bits as without SLURM"

# sbatch without srun is told.
sbatch --wait --ntasks=2 --output="$work/plain.log" --wrap "$program train digits --epochs 1 --out $work/plain" || true
grep "sbatch starts the script once" plain.log
