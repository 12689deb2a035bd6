#!/bin/bash
# Submits the stages as jobs. Each begins when the one before it is complete:
#     slurm/submit.sh [OPTION OF SBATCH...] CONFIG DIR [--set KEY=VALUE...]
# For instance slurm/submit.sh --ntasks=96 --time=4:00:00 configs/paper-fcp.toml results/paper
# Options are written --name=value and apply to all jobs, except that kpca runs on one rank. The script
# prints the numbers of the jobs. Their logs are written to DIR.
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

# A mistake in the configuration shows now, not after a night in the queue.
# shellcheck source=slurm/environment.sh
. slurm/environment.sh
"$LOSSATLAS_PROGRAM" check "$configuration" "$@" >&2

# submit STAGE [OPTION...]: submits a stage and prints the number of the job. Later options take
# precedence over earlier ones.
submit() {
    sbatch --parsable --chdir="$PWD" --output="$directory/%x-%j.log" "${options[@]}" "${@:2}" \
        "slurm/$1.sbatch" "${followed[@]}" "$configuration" "$directory" "${settings[@]}" | cut -d ';' -f 1
}

# afterok waits until a job has ended with code 0, however often it is requeued before. An incomplete job
# ends with another code, and Slurm then removes the jobs after it from the queue. Failed tasks (code 3) do
# not stop the chain: a job that another one waits for then returns 0, and the last job returns 3.
settings=("$@")
mkdir -p "$directory"
followed=(--followed)
train=$(submit train)
paths=$(submit paths --dependency="afterok:$train" --kill-on-invalid-dep=yes)
last=$paths
printed="train $train, paths $paths"
if grep -q '^[[:space:]]*\[curvature\]' "$configuration"; then
    last=$(submit analyze --dependency="afterok:$paths" --kill-on-invalid-dep=yes)
    printed+=", analyze $last"
fi
followed=()
# The remaining stages and the report.
kpca=$(submit run --job-name=lossatlas-kpca --dependency="afterok:$last" --kill-on-invalid-dep=yes \
    --nodes=1 --ntasks=1 --ntasks-per-node=1)
echo "$printed, kpca $kpca"
