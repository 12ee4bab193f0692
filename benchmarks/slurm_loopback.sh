#!/usr/bin/env bash
# Runs on a real Slurm: its daemons on 127.0.0.1, started here and stopped at the end.
#
#   apt-get install slurm-wlm munge && benchmarks/slurm_loopback.sh      (as root; about two minutes)
#
# Two short trainings are sent away by `sbatch --wrap {command}`. A third is cancelled and resumed; then its job is
# killed behind FairKD's back (`scancel --signal=KILL`), and it continues. It prints what it saw. No cgroups are
# needed, so it works in a container.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d /tmp/fairkd-slurm-XXXX)
python=${PYTHON:-python3}
host=$(hostname -s)
started=()

finish() {
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
    sleep 1
    rm -rf "$folder"
}
trap finish EXIT

head -c 1024 /dev/urandom >"$folder/munge.key"
chmod 400 "$folder/munge.key"
mkdir -p "$folder/state" "$folder/spool" "$folder/home"
chmod 755 "$folder"
munged --foreground --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
    --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" --seed-file="$folder/munged.seed" \
    >"$folder/munged.out" 2>&1 &
started+=($!)

cat >"$folder/slurm.conf" <<CONF
ClusterName=loopback
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
KillWait=5
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=60 State=UP
CONF
export SLURM_CONF="$folder/slurm.conf"
sleep 1
slurmctld -D >"$folder/slurmctld.log" 2>&1 &
started+=($!)
slurmd -D >"$folder/slurmd.log" 2>&1 &
started+=($!)
for _ in $(seq 60); do
    if sinfo --noheader --format %T 2>/dev/null | grep -q idle; then break; fi
    sleep 1
done
echo "== $(slurmctld -V), $(munged --version | head -1), $("$python" --version)"
sinfo || { tail -5 "$folder"/*.log; exit 1; }

export FAIRKD_HOME="$folder/home" FAIRKD_LAUNCHER=command OMP_NUM_THREADS=1
export FAIRKD_COMMAND="sbatch --job-name={name} --cpus-per-task=1 --wrap {command}"
export FAIRKD_COMMAND_CANCEL="scancel {job}"
export FAIRKD_COMMAND_STATUS="squeue --noheader --jobs {job}"
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
"$python" -m benchmarks.slurm_runs
