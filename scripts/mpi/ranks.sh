#!/usr/bin/env bash
# One training on 1, 2, 4 and 8 ranks of one machine: the same bits as without MPI, and errors that name the rank.
#
#     scripts/mpi/ranks.sh PROGRAM [KILLS]
#
# PROGRAM is gradtape, built with the feature mpi. With KILLS, a training is killed so often at random, one rank at a time, and
# goes on each time with another number of ranks, to the bits of the one that nobody killed.
set -euo pipefail
program=$(realpath "$1")
kills=${2:-0}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

ranks() {
    local count=$1
    shift
    timeout 300 mpirun --oversubscribe -n "$count" "$program" "$@"
}
hash_of() { sha256sum <"$1/model.safetensors" | cut -c1-16; }
fail() {
    echo "$1"
    exit 1
}
# What a command that must fail says.
refused() {
    if "$@" >refused.log 2>&1; then fail "this should have failed: $*"; fi
}
says() { grep -q -- "$1" refused.log || fail "not told: $1
$(cat refused.log)"; }

# More than fits into the memory that it is given.
(echo a,b,c,d,y && for number in $(seq 60000); do
    echo "$number.25,$((number * 7 % 13)),$((number % 97)).5,$((number * number % 101)),$((number % 2))"
done) >large.csv

for network in "digits --hidden 32 --epochs 3" "iris" "digits --network cnn:8c3b-p2-32-d0.2 --epochs 1" \
    "digits --hidden 600,600 --dropout 0.1 --epochs 1" \
    "large.csv --target y --memory 1MB --hidden 16 --batch 1000 --epochs 2"; do
    # shellcheck disable=SC2086
    "$program" train $network --shards 8 --out alone -q
    for count in 1 2 4 8; do
        # shellcheck disable=SC2086
        ranks "$count" train $network --shards 8 --threads $((count % 3 + 1)) --out several -q
        echo "$network, $count ranks: $(hash_of several)"
        test "$(hash_of several)" = "$(hash_of alone)" || fail "without MPI it is $(hash_of alone)"
    done
done

refused ranks 2 train digits --epochs 1 --out few
says "--shards 8"
refused ranks 3 train digits --shards 2 --epochs 1 --out few
says "3 processes, and a batch is cut into 2 shards"
refused ranks 2 tune iris --out search
says "share one training"

# A rank that reads another file.
for number in $(seq 60); do echo "$number,$((number * 7 % 13)),$((number % 2))"; done >rows
(echo a,b,y && cat rows) >one.csv
(cat one.csv && echo 9,9,1) >other.csv
# shellcheck disable=SC2016
refused timeout 60 mpirun --oversubscribe -n 2 bash -c \
    'data=one.csv; if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then data=other.csv; fi
     exec "$0" train $data --target y --shards 4 --out differ' "$program"
says "training data: 42 rows, .* on rank 0 .*43 rows, .* on rank 1"
test ! -e differ/model.safetensors

# The process of a rank, once it trains.
process() {
    (pgrep -f "^$program train .*--out $1" || true) | while read -r one; do
        if tr '\0' '\n' <"/proc/$one/environ" 2>/dev/null | grep -q "^OMPI_COMM_WORLD_RANK=$2$"; then echo "$one"; fi
    done
}
trains() {
    for _ in $(seq 200); do
        if [ -e "$1/checkpoints" ] && ls "$1/checkpoints" | grep -q .; then return; fi
        sleep 0.05
    done
    fail "no checkpoint was written: $(cat run.log)"
}

# A rank that hangs is named in time.
ranks 2 train digits --hidden 64 --epochs 100000 --shards 4 --threads 1 --rank-timeout 2 --checkpoint-every 50steps \
    --out hang -q >run.log 2>&1 &
started=$!
trains hang
hung=$(process hang 1)
kill -STOP "$hung"
sleep 4
kill -CONT "$hung" 2>/dev/null || true
wait $started && fail "a rank hung, and the training went on"
grep -q "rank 1 on .* has not answered for 2s" run.log && grep -q "at epoch .*, \(after \)\?step" run.log || fail "$(cat run.log)"
echo "a rank that hangs: $(grep -m1 "has not answered" run.log)"

# A signal finishes the step, saves and ends well, to go on later.
for signal in TERM USR1; do
    rm -rf signal
    ranks 2 train digits --hidden 64 --epochs 100000 --shards 4 --threads 1 --checkpoint-every 50steps --out signal \
        -q >run.log 2>&1 &
    started=$!
    trains signal
    kill -$signal "$(process signal 1)"
    wait $started || fail "SIG$signal: $(cat run.log)"
    test -e signal/model.safetensors
    echo "SIG$signal of one rank: $(ls signal/checkpoints | sort -V | tail -1) was saved"
done

# The last checkpoint of the training that is killed.
latest() { (ls killed/checkpoints 2>/dev/null || true) | sort -V | tail -1; }

if [ "$kills" -gt 0 ]; then
    train="digits --hidden 128 --epochs 3000 --shards 8 --checkpoint-every 100steps --threads 1"
    # shellcheck disable=SC2086
    "$program" train $train --out alone -q
    # shellcheck disable=SC2086
    set -- train $train --out killed
    done=0 slowest=0
    while [ "$done" -lt "$kills" ]; do
        count=$((RANDOM % 4 + 2))
        before=$(latest)
        # On a busy machine the second that mpirun leaves the others is too short for all to say what they waited for.
        # And a process that reads the memory of one that is gone is ended by Open MPI itself, without a word.
        OMPI_MCA_odls_base_sigkill_timeout=3 OMPI_MCA_btl_vader_single_copy_mechanism=none ranks $count "$@" --rank-timeout 5 -q >run.log 2>&1 &
        started=$!
        # While MPI starts, a kill can leave mpirun itself waiting.
        while [ "$(latest)" = "$before" ] && kill -0 $started 2>/dev/null; do sleep 0.02; done
        sleep "0.$((RANDOM % 900 + 100))"
        victim=$((RANDOM % count))
        one=$(process killed $victim)
        if [ -z "$one" ]; then
            wait $started || fail "$(cat run.log)"
            fail "the training ended after $done of $kills kills: give it more epochs"
        fi
        from=$(date +%s%N)
        kill -KILL "$one"
        wait $started && fail "rank $victim was killed, and the training ended well"
        took=$((($(date +%s%N) - from) / 1000000))
        grep -q "at epoch .*, \(after \)\?step" run.log && grep -q "rank $victim" run.log || fail "rank $victim of $count is not named: $(cat run.log)"
        test $took -lt 10000 || fail "it took $took ms to end"
        if [ $took -gt $slowest ]; then slowest=$took; fi
        done=$((done + 1))
        if [ $((done % 10)) = 0 ]; then echo "$done kills, each told within $slowest ms"; fi
        set -- train --resume killed --out killed
    done
    ranks 4 "$@" -q
    test "$(hash_of killed)" = "$(hash_of alone)" || fail "after $kills kills the bits are others"
    echo "$kills kills, each told within $slowest ms; the same bits in the end: $(hash_of killed)"
fi
