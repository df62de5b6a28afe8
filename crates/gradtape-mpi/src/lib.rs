//! Ranks that train a network together, over MPI: [`Mpi`] is a [`Collective`](gradtape::train::Collective).
//!
//! It needs the feature `mpi`, and with it an MPI library such as Open MPI and libclang; without, the crate is empty.
//! Processes are started by what a cluster has for it: `mpirun`, or `srun` of SLURM.

#[cfg(feature = "mpi")]
mod ranks;
#[cfg(feature = "mpi")]
mod wire;

#[cfg(feature = "mpi")]
pub use ranks::Mpi;
