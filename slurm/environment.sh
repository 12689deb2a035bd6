# shellcheck shell=bash
# What differs from cluster to cluster: every job reads this file. Change it here, once, or set the
# variables before sbatch.

# ---- Modules: those that the program was built with (docs/hpc.md) ----------------------------------
# module purge
# module load gcc openmpi hdf5 openblas

# ---- Program ---------------------------------------------------------------------------------------
: "${LOSSATLAS_PROGRAM:=target/release/lossatlas}"

# ---- How the ranks are started ---------------------------------------------------------------------
: "${LOSSATLAS_LAUNCHER:=srun}" # or mpirun, mpiexec
# For srun, the way Slurm and the MPI library find each other; `srun --mpi=list` tells what there is.
: "${LOSSATLAS_MPI:=pmix}"      # Open MPI: pmix; MPICH and Intel MPI: pmi2

# ---- Time ------------------------------------------------------------------------------------------
# How often a job that left something goes back into the queue, before somebody should have a look.
: "${LOSSATLAS_REQUEUES:=20}"
