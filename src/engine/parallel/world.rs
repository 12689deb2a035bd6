//! All ranks together: their number, and collective operations.

use super::disagreement::Disagreement;
use super::message::{MessageError, encode};
use mpi::Threading;
use mpi::collective::SystemOperation;
use mpi::datatype::PartitionMut;
use mpi::environment::{
    Universe, initialize_with_threading, library_version, processor_name, version,
};
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, CommunicatorCollectives, Root};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::marker::PhantomData;
use std::{fs, process, thread};

/// All ranks of the program, from the start of MPI to its end; or one process [alone](Self::alone).
///
/// A process has one `World`. It stays on the main thread (it is neither `Send` nor `Sync`),
/// because MPI is started at the level `MPI_THREAD_FUNNELED`, at which only one thread may call it.
/// Functions marked *collective* return only if all ranks call them, in the same order.
///
/// Dropping it at the end of `main` finalizes MPI, which waits for the other ranks. If a panic
/// drops it, it ends all ranks with exit code 101, because others may be waiting for this one. An
/// error inside MPI ends all ranks.
pub struct World {
    rank: usize,
    size: usize,
    host: String,
    on_this_thread: PhantomData<*const ()>,
    /// `None` for a single process.
    mpi: Option<Mpi>,
}

/// An initialized MPI.
struct Mpi {
    communicator: SimpleCommunicator,
    // The last field, because dropping it finalizes MPI.
    _universe: Universe,
}

/// Why MPI cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// MPI has been started before. A process can start it once.
    #[error("MPI has been initialized before in this process")]
    AlreadyInitialized,
    /// The library was built without support for threads.
    #[error(
        "the MPI library supports no threads beside the one that calls it (MPI_THREAD_FUNNELED); \
         use one that was built with support for threads"
    )]
    NoThreads,
}

/// Bytes in one broadcast: so many that the latency is negligible, and within the 32-bit counts of
/// MPI.
const CHUNK: usize = 16 << 20;

impl World {
    /// Starts MPI. Collective.
    ///
    /// # Errors
    /// If MPI has been started before, or does not support other threads in the process.
    pub fn initialize() -> Result<Self, WorldError> {
        let (universe, provided) =
            initialize_with_threading(Threading::Funneled).ok_or(WorldError::AlreadyInitialized)?;
        if provided < Threading::Funneled {
            return Err(WorldError::NoThreads);
        }
        let communicator = universe.world();
        Ok(Self {
            rank: communicator.rank().unsigned_abs() as usize,
            size: communicator.size().unsigned_abs() as usize,
            host: processor_name().unwrap_or_else(|_| "a host whose name is not UTF-8".to_owned()),
            on_this_thread: PhantomData,
            mpi: Some(Mpi { communicator, _universe: universe }),
        })
    }

    /// This process as the only rank. MPI is neither started nor needed.
    pub fn alone() -> Self {
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host = Some(host.trim())
            .filter(|host| !host.is_empty())
            .unwrap_or("an unknown host")
            .to_owned();
        Self { rank: 0, size: 1, host, on_this_thread: PhantomData, mpi: None }
    }

    /// Number of this process, 0 to `size() − 1`.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// Number of processes.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Number of ranks on the machine of this one, itself included. Collective.
    pub fn ranks_on_this_machine(&self) -> usize {
        self.mpi
            .as_ref()
            .map_or(1, |mpi| mpi.communicator.split_shared(0).size().unsigned_abs() as usize)
    }

    /// Number of this rank among those of its machine, from 0. Collective.
    pub fn rank_on_this_machine(&self) -> usize {
        self.mpi
            .as_ref()
            .map_or(0, |mpi| mpi.communicator.split_shared(0).rank().unsigned_abs() as usize)
    }

    /// Whether this is rank 0, which reads files, distributes tasks, writes and prints.
    pub fn is_root(&self) -> bool {
        self.rank == 0
    }

    /// Name of the machine this process runs on.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Waits until all ranks have called it. Collective.
    pub fn barrier(&self) {
        if let Some(mpi) = &self.mpi {
            mpi.communicator.barrier();
        }
    }

    /// Ends all ranks at once with this exit code, without cleaning up: for an error that cannot be
    /// communicated to the others.
    pub fn abort(&self, code: i32) -> ! {
        match &self.mpi {
            Some(mpi) => mpi.communicator.abort(code),
            None => process::exit(code),
        }
    }

    /// Turns an error on any rank into the same error on every rank. Collective.
    ///
    /// Call it between work that can fail on some ranks only and the next collective. Otherwise the
    /// other ranks would wait forever for a rank that has returned. Errors become text by `{:#}`,
    /// which shows an `anyhow::Error` with its causes. A message is cut after 64 KiB, or earlier
    /// with more than 16 384 ranks.
    ///
    /// # Errors
    /// If `result` is an error on at least one rank.
    pub fn agree<T, E: Display>(&self, result: Result<T, E>) -> Result<T, Disagreement> {
        let failed_here = u64::from(result.is_err());
        let mut failed = failed_here;
        if let Some(mpi) = &self.mpi {
            mpi.communicator.all_reduce_into(&failed_here, &mut failed, SystemOperation::sum());
        }
        match result {
            Ok(value) if failed == 0 => Ok(value),
            Ok(_) => Err(self.merge(None)),
            Err(error) => Err(self.merge(Some(format!("{error:#}")))),
        }
    }

    /// Sends the value of `produce` on rank 0 to all ranks. Only rank 0 calls `produce`.
    /// Collective.
    ///
    /// ```no_run
    /// # let world = lossatlas::engine::parallel::World::initialize()?;
    /// let text = world.broadcast(|| std::fs::read_to_string("experiment.toml"))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// On all ranks, if `produce` fails, or the value cannot be encoded or decoded by postcard.
    pub fn broadcast<T, E>(&self, produce: impl FnOnce() -> Result<T, E>) -> Result<T, Disagreement>
    where
        T: Serialize + DeserializeOwned,
        E: Display,
    {
        if self.size == 1 {
            return self.agree(produce());
        }
        let produced = self.is_root().then(|| {
            let value = produce().map_err(|error| format!("{error:#}"))?;
            let bytes = postcard::to_allocvec(&value)
                .map_err(|error| MessageError::from(error).to_string())?;
            Ok::<_, String>((value, bytes))
        });
        let (value, mut bytes) = self.agree(produced.transpose())?.unzip();
        let bytes = self.broadcast_bytes(bytes.take());
        let value = match value {
            Some(value) => Ok(value),
            None => postcard::from_bytes(&bytes).map_err(MessageError::from),
        };
        self.agree(value)
    }

    /// Gathers the values of all ranks on rank 0, in the order of the ranks. Together they take
    /// less than 2 GiB in the encoding of postcard. Collective.
    ///
    /// # Errors
    /// On all ranks, if a value cannot be encoded or decoded.
    pub fn gather<T>(&self, value: &T) -> Result<Option<Vec<T>>, Disagreement>
    where
        T: Serialize + DeserializeOwned,
    {
        let mut bytes = self.agree(postcard::to_allocvec(value).map_err(MessageError::from))?;
        // Open MPI refuses to gather zero bytes in total. Bytes after a value are not decoded.
        bytes.push(0);
        let decode = |all: Vec<Vec<u8>>| -> Result<Vec<T>, MessageError> {
            all.iter().map(|bytes| Ok(postcard::from_bytes(bytes)?)).collect()
        };
        self.agree(self.gather_bytes(&bytes).map(decode).transpose())
    }

    /// The communicator, for messages between two ranks.
    ///
    /// # Panics
    /// For a single process, which has no communicator.
    pub(super) fn communicator(&self) -> &SimpleCommunicator {
        &self.mpi.as_ref().expect("another rank").communicator
    }

    /// The bytes that rank 0 passes in.
    fn broadcast_bytes(&self, bytes: Option<Vec<u8>>) -> Vec<u8> {
        let mut bytes = bytes.unwrap_or_default();
        let Some(mpi) = &self.mpi else { return bytes };
        let root = mpi.communicator.process_at_rank(0);
        let mut length = bytes.len() as u64;
        root.broadcast_into(&mut length);
        bytes.resize(
            usize::try_from(length).expect("what fits into memory on rank 0 can be counted here"),
            0,
        );
        for chunk in bytes.chunks_mut(CHUNK) {
            root.broadcast_into(chunk);
        }
        bytes
    }

    /// The messages of all ranks, merged on rank 0 and sent to all. Collective.
    fn merge(&self, message: Option<String>) -> Disagreement {
        let longest = (64 << 10).min((1 << 30) / self.size);
        let said = encode(&message.map(|message| clip(&message, longest).to_owned()));
        let merged = self.gather_bytes(&said).map(|said| {
            let messages = said.iter().map(|bytes| postcard::from_bytes(bytes).unwrap_or(None));
            encode(&Disagreement::merge(messages))
        });
        postcard::from_bytes(&self.broadcast_bytes(merged))
            .expect("rank 0 encoded it with the same program")
    }

    /// Gathers the bytes of all ranks on rank 0, together less than 2³¹. Collective.
    fn gather_bytes(&self, bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
        let Some(mpi) = &self.mpi else { return Some(vec![bytes.to_owned()]) };
        let root = mpi.communicator.process_at_rank(0);
        let length = i32::try_from(bytes.len()).expect("short");
        if !self.is_root() {
            root.gather_into(&length);
            root.gather_varcount_into(bytes);
            return None;
        }
        let mut lengths = vec![0_i32; self.size];
        root.gather_into_root(&length, &mut lengths[..]);
        let starts: Vec<i32> = lengths
            .iter()
            .scan(0, |end, length| Some(std::mem::replace(end, *end + length)))
            .collect();
        let mut all = vec![0_u8; lengths.iter().map(|&length| length as usize).sum()];
        root.gather_varcount_into_root(
            bytes,
            &mut PartitionMut::new(&mut all[..], &lengths[..], &starts[..]),
        );
        let part =
            |(&start, &length): (&i32, &i32)| all[start as usize..][..length as usize].to_vec();
        Some(starts.iter().zip(&lengths).map(part).collect())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if thread::panicking() && self.mpi.is_some() {
            self.abort(101);
        }
    }
}

/// The longest beginning of a text that fits into `longest` bytes.
fn clip(text: &str, longest: usize) -> &str {
    let end = (0..=longest.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or(0)]
}

/// The MPI library in one line: `Open MPI v4.1.4 (MPI 3.1)`. MPI need not have been started.
pub fn mpi_library_version() -> String {
    let (major, minor) = version();
    let library =
        library_version().unwrap_or_else(|_| "a library whose name is not UTF-8".to_owned());
    format!("{} (MPI {major}.{minor})", tidy(&library))
}

/// Name and version from the text that a library reports: a sentence, a table or a description of
/// its build, sometimes with a zero byte at the end.
fn tidy(library: &str) -> String {
    let first_line = library.lines().next().unwrap_or_default();
    let name = first_line
        .split(',')
        .next()
        .unwrap_or_default()
        .replace("Version:", " ")
        .replace('\0', " ");
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::tidy;

    #[test]
    fn library_names_are_short() {
        let open_mpi = "Open MPI v4.1.4, package: Debian Open MPI, ident: 4.1.4, repo rev: v4.1.4, May 26, 2022\0";
        assert_eq!(tidy(open_mpi), "Open MPI v4.1.4");
        assert_eq!(
            tidy("MPICH Version:      4.0.2\nMPICH Release date: Thu Apr  7 12:34:45 CDT 2022\n"),
            "MPICH 4.0.2"
        );
        assert_eq!(
            tidy("Intel(R) MPI Library 2021.8 for Linux* OS\n"),
            "Intel(R) MPI Library 2021.8 for Linux* OS"
        );
        assert_eq!(tidy(""), "");
    }
}
