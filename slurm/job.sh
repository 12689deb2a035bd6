# shellcheck shell=bash
# The common part of all jobs, which the .sbatch files source. Slurm copies an .sbatch file before it runs
# it. The other files are therefore looked up in the folder that the job was submitted from (or --chdir).

# Slurm warns this shell before the time limit (--signal=B:USR1@...). The shell passes the signal to the
# ranks, which write checkpoints.
trap 'interrupted=yes; warned=yes; [[ -z ${ranks:-} ]] || kill -USR1 "$ranks"' USR1
# scancel, preemption and the time limit send SIGTERM to the ranks directly. The shell only waits until
# they have ended. It must not requeue a job that somebody has canceled.
trap 'interrupted=yes; ended=yes' TERM

# With --followed, another job waits for this one (submit.sh). The arguments are those of the .sbatch file.
followed=
if [[ ${1:-} == --followed ]]; then
    followed=yes
    shift
fi

# shellcheck source=slurm/environment.sh
. slurm/environment.sh

# The exit codes of the program that this script handles.
tasks_failed=3 something_left=75

say() { printf '%s: %s\n' "$(date '+%F %T')" "$*" >&2; }

# lossatlas STAGE CONFIG DIR [OPTION...]: runs a stage on all ranks of the job and ends the job.
lossatlas() {
    if (($# < 3)); then
        say "usage: sbatch [OPTION OF SBATCH...] slurm/$1.sbatch CONFIG DIR [OPTION OF LOSSATLAS...]"
        exit 2
    fi
    name_this_job
    local stage=$1 configuration=$2 directory=$3
    say "job $job, attempt $((${SLURM_RESTART_COUNT:-0} + 1)): $stage $configuration -> $directory"
    start_ranks "$LOSSATLAS_PROGRAM" "$stage" "$configuration" --out "$directory" "${@:4}"
    await_ranks
    case $code in
    "$something_left") come_again ;;
    "$tasks_failed") [[ -z $followed ]] || code=0 ;;
    esac
    exit "$code"
}

name_this_job() {
    # In an array, the number of the last task alone would name all tasks.
    job=$SLURM_JOB_ID
    [[ -z ${SLURM_ARRAY_TASK_ID:-} ]] || job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
    # The program reads the end of the job from this variable, which Slurm before 23.02 does not set.
    if [[ -z ${SLURM_JOB_END_TIME:-} ]]; then
        local end
        end=$(date -d "$(squeue --noheader --jobs "$job" --format %e)" +%s) && export SLURM_JOB_END_TIME=$end
    fi 2>/dev/null
}

# Starts a program on all ranks. It runs in the background, because bash handles no signal while it waits
# for a foreground command.
start_ranks() {
    local launch
    case $LOSSATLAS_LAUNCHER in
    srun)
        # Since Slurm 22.05 srun does not inherit --cpus-per-task from sbatch. A rank that ends with a
        # code other than 0 must not cause srun to kill the others, which would hide the code.
        launch=(srun "--mpi=$LOSSATLAS_MPI" "--cpus-per-task=${SLURM_CPUS_PER_TASK:-1}" --kill-on-bad-exit=0)
        ;;
    *mpirun* | *mpiexec*)
        launch=("$LOSSATLAS_LAUNCHER" -n "$SLURM_NTASKS")
        # No binding, so that the threads of a rank do not share a core. The variables are for Open MPI 4,
        # Open MPI 5 and Intel MPI. Other libraries ignore them; MPICH binds only on request.
        export OMPI_MCA_hwloc_base_binding_policy=none PRTE_MCA_hwloc_default_binding_policy=none I_MPI_PIN=off
        # mpirun waits twice this number of seconds for the ranks to write checkpoints. It always waits
        # this long after an exit code other than 0.
        local patience=${OMPI_MCA_odls_base_sigkill_timeout:-5}
        export OMPI_MCA_odls_base_sigkill_timeout=$patience PRTE_MCA_odls_base_sigkill_timeout=$patience
        ;;
    *)
        say "LOSSATLAS_LAUNCHER: $LOSSATLAS_LAUNCHER is neither srun nor mpirun or mpiexec"
        exit 2
        ;;
    esac
    "${launch[@]}" "$@" &
    ranks=$!
}

# Waits for the ranks; their exit code is in `code`.
await_ranks() {
    # A signal ends `wait` early, with another code.
    while interrupted='' && wait "$ranks"; code=$?; [[ -n $interrupted ]]; do :; done
    # After a signal, the mpirun of MPICH 4 returns 0 if ranks are on several nodes. The job is then
    # requeued. If nothing is left to do, the next attempt ends at once.
    if ((code == 0)) && [[ -n ${warned:-} && $LOSSATLAS_LAUNCHER != srun ]]; then
        code=$something_left
    fi
}

# Requeues this job: it starts again with the same number and the same files.
come_again() {
    local restarts=${SLURM_RESTART_COUNT:-0} continues='submitting the same job again continues it'
    if [[ -n ${ended:-} ]]; then
        say "ended from outside; $continues"
    elif ((restarts >= LOSSATLAS_REQUEUES)); then
        say "not finished after $((restarts + 1)) attempts, and not tried again (LOSSATLAS_REQUEUES); $continues"
    # Requeueing ends this job at once, by SIGTERM. scontrol ignores it, so that it can return its code.
    elif (trap '' TERM && exec scontrol requeue "$job"); then
        say "job $job is back in the queue and will go on from here"
    else
        say "Slurm does not take job $job back; $continues"
    fi
}
