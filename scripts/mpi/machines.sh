#!/usr/bin/env bash
# One training on two hosts, which are network namespaces of this machine with an sshd each: as on two machines, step by step.
#
#     scripts/mpi/machines.sh PROGRAM
#
# Needs root, ip and sshd. PROGRAM is gradtape, built with the feature mpi.
set -euo pipefail
program=$(realpath "$1")
work=$(mktemp -d)
cd "$work"

end() {
    kill "${daemons[@]}" 2>/dev/null || true
    for host in gta gtb; do ip netns del $host 2>/dev/null || true; done
    rm -rf "$work"
}
daemons=()
trap end EXIT

# Two hosts with a cable between them.
ip netns add gta
ip netns add gtb
ip link add gta0 netns gta type veth peer name gtb0 netns gtb
ip -n gta addr add 10.77.0.1/24 dev gta0
ip -n gtb addr add 10.77.0.2/24 dev gtb0
for host in gta gtb; do
    ip -n $host link set lo up
    ip -n $host link set ${host}0 up
done

# A key that both accept, for nobody else.
ssh-keygen -q -t ed25519 -N "" -f key
ssh-keygen -q -t ed25519 -N "" -f host
mkdir -p /run/sshd
cat >sshd.conf <<CONF
HostKey $work/host
AuthorizedKeysFile $work/key.pub
StrictModes no
PasswordAuthentication no
UsePAM no
PermitRootLogin prohibit-password
PidFile none
CONF
for host in gta gtb; do
    ip netns exec $host "$(command -v sshd)" -D -e -f sshd.conf 2>"$host.log" &
    daemons+=($!)
done
for address in 10.77.0.1 10.77.0.2; do
    for _ in $(seq 50); do
        if ip netns exec gta bash -c "exec 3<>/dev/tcp/$address/22" 2>/dev/null; then break; fi
        sleep 0.1
    done
done

options="-i $work/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
across() {
    local count=$1
    shift
    ip netns exec gta env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
        timeout 300 mpirun -n "$count" --host "10.77.0.1:$((count / 2)),10.77.0.2:$((count / 2))" --oversubscribe \
        --mca plm_rsh_args "$options" --mca btl tcp,self --mca btl_tcp_if_include 10.77.0.0/24 \
        --mca oob_tcp_if_include 10.77.0.0/24 "$program" "$@"
}

"$program" train digits --hidden 32 --epochs 3 --shards 8 --out alone -q
for count in 2 4; do
    across $count train digits --hidden 32 --epochs 3 --shards 8 --threads 1 --out "$work/across"
    cmp alone/model.safetensors across/model.safetensors
    echo "$count ranks on two hosts: the same bits"
done | grep -E "the time of steps|same bits"

# The cable is cut: each host says which rank it waits for.
across 2 train digits --hidden 64 --epochs 1000000 --shards 4 --threads 1 --rank-timeout 3 --out "$work/cut" -q \
    >cut.log 2>&1 &
training=$!
sleep 4
ip -n gtb link set gtb0 down
if wait $training; then
    echo "the cable was cut, and the training ended well"
    exit 1
fi
grep -m1 "has not answered for 3s" cut.log
