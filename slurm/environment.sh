# shellcheck shell=bash
# Settings that depend on the cluster. Every job reads this file when it starts. Change them here, or set
# the variables before sbatch.

# ---- Modules: load those that the program was built with (docs/hpc.md) -----------------------------
# module purge
# module load gcc openmpi hdf5 openblas

# ---- Program ---------------------------------------------------------------------------------------
: "${LOSSATLAS_PROGRAM:=target/release/lossatlas}"

# ---- How the ranks are started ---------------------------------------------------------------------
: "${LOSSATLAS_LAUNCHER:=srun}" # or mpirun, mpiexec
# For srun, the interface between Slurm and the MPI library; `srun --mpi=list` shows what is available.
: "${LOSSATLAS_MPI:=pmix}"      # Open MPI: pmix; MPICH and Intel MPI: pmi2

# ---- Time ------------------------------------------------------------------------------------------
# How often a job that is not finished returns to the queue. After that, find out why it takes so long.
: "${LOSSATLAS_REQUEUES:=20}"
