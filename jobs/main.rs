fn main() {
    let u = mpi::initialize_with_threading(mpi::Threading::Funneled).unwrap();
    use mpi::traits::*;
    println!("{} {:?} {:?}", u.0.world().rank(), mpi::environment::library_version(), hdf5::library_version());
}
