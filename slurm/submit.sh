#!/bin/bash
# Submits the stages as three jobs, each beginning when the one before is complete:
#     slurm/submit.sh [OPTION OF SBATCH...] CONFIG DIR [--set KEY=VALUE...]
# For instance slurm/submit.sh --ntasks=96 --time=4:00:00 configs/paper-fcp.toml results/paper
# Options are written --name=value and are those of all three, but kpca runs on one rank. Prints the
# numbers of the jobs; what they say goes to DIR.
set -euo pipefail

options=()
while [[ ${1:-} == -* ]]; do
    options+=("$1")
    shift
done
if (($# < 2)); then
    sed -n '2,6s/^# //p' "$0" >&2
    exit 2
fi
configuration=$(realpath -- "$1")
directory=$(realpath -m -- "$2")
shift 2
cd "$(dirname "$0")/.."

# A mistake in the configuration shows now and not after a night in the queue.
# shellcheck source=slurm/environment.sh
. slurm/environment.sh
"$LOSSATLAS_PROGRAM" check "$configuration" "$@" >&2

# submit STAGE [OPTION...]: prints the number of the job. Later options win over earlier ones.
submit() {
    sbatch --parsable --chdir="$PWD" --output="$directory/%x-%j.log" "${options[@]}" "${@:2}" \
        "slurm/$1.sbatch" "${followed[@]}" "$configuration" "$directory" "${settings[@]}" | cut -d ';' -f 1
}

# afterok waits until a job has ended with code 0, however often it is put back into the queue before.
# What is incomplete has other codes and takes the jobs after it out of the queue. A few failed tasks
# (code 3) are no reason to: a job that is followed says 0 then, and the last one says 3.
settings=("$@")
mkdir -p "$directory"
followed=(--followed)
train=$(submit train)
paths=$(submit paths --dependency="afterok:$train" --kill-on-invalid-dep=yes)
followed=()
# All that is left then, the report included.
kpca=$(submit run --job-name=lossatlas-kpca --dependency="afterok:$paths" --kill-on-invalid-dep=yes \
    --nodes=1 --ntasks=1 --ntasks-per-node=1)
echo "train $train, paths $paths, kpca $kpca"
