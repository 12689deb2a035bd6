//! Nonblocking messages between ranks.

use super::pace::PollPace;
use super::world::World;
use mpi::Tag;
use mpi::request::{Request, StaticScope, scope};
use mpi::traits::{Communicator, Destination, Equivalence, Source};
use std::{mem, thread};

/// Sends and receives whole messages of bytes.
///
/// # No deadlock
/// MPI copies a small message at once but delays a large one until the receiver asks for it (the
/// rendezvous protocol). Two ranks that send several MB to each other in blocking calls would wait
/// forever. Here [`send`](Self::send) only starts the transfer: the mailbox keeps the buffer, and
/// [`complete_sends`](Self::complete_sends) frees it when MPI is done. So every rank returns to
/// [`receive`](Self::receive), which finds every message. The sender of a message that was found
/// keeps calling MPI, so waiting for the end of its transfer cannot block for long.
pub struct Mailbox<'a> {
    world: &'a World,
    sending: Vec<Sending>,
}

struct Sending {
    request: Request<'static, [u8]>,
    buffer: *mut [u8],
}

const TAG: Tag = 1;

impl<'a> Mailbox<'a> {
    pub fn new(world: &'a World) -> Self {
        Self { world, sending: Vec::new() }
    }

    /// Starts to send a message. Messages to one rank arrive in the order in which they were sent.
    ///
    /// # Panics
    /// If the message is longer than [`MAX_MESSAGE_BYTES`](super::message::MAX_MESSAGE_BYTES) or
    /// there is no such rank.
    pub fn send(&mut self, rank: usize, message: Vec<u8>) {
        let rank = i32::try_from(rank).expect("a rank");
        let buffer = Box::into_raw(message.into_boxed_slice());
        // SAFETY: the buffer comes from a box that nothing else refers to, and is given back to a
        // box only in `complete_sends`, when the request that reads it is complete. If that never
        // comes to pass it stays allocated for good.
        let borrowed: &'static [u8] = unsafe { &*buffer };
        let request = self.world.communicator().process_at_rank(rank).immediate_send_with_tag(
            StaticScope,
            borrowed,
            TAG,
        );
        self.sending.push(Sending { request, buffer });
    }

    /// Number of messages in transit.
    pub fn in_flight(&self) -> usize {
        self.sending.len()
    }

    /// Lets MPI make progress, and frees the buffers of sent messages.
    pub fn complete_sends(&mut self) {
        for Sending { request, buffer } in mem::take(&mut self.sending) {
            match request.test() {
                // SAFETY: `buffer` came out of `Box::into_raw` in `send`. `test` has completed the
                // request and consumed it with the only reference to the buffer.
                Ok(_) => drop(unsafe { Box::from_raw(buffer) }),
                Err(request) => self.sending.push(Sending { request, buffer }),
            }
        }
    }

    /// The next message, if there is one, and its sender.
    pub fn receive(&mut self) -> Option<(usize, Vec<u8>)> {
        if self.world.size() == 1 {
            return None;
        }
        let (message, status) =
            self.world.communicator().any_process().immediate_matched_probe_with_tag(TAG)?;
        let length = usize::try_from(status.count(u8::equivalent_datatype()))
            .expect("a length is not negative");
        let mut bytes = vec![0; length];
        scope(|scope| {
            let mut request = message.immediate_matched_receive_into(scope, &mut bytes[..]);
            let mut pace = PollPace::new();
            while let Err(pending) = request.test() {
                request = pending;
                thread::sleep(pace.wait(false, PollPace::WAITING));
            }
        });
        Some((usize::try_from(status.source_rank()).expect("a rank is not negative"), bytes))
    }

    /// Waits until all messages are sent. Their receivers must be receiving.
    pub fn flush(&mut self) {
        let mut pace = PollPace::new();
        self.complete_sends();
        while self.in_flight() > 0 {
            thread::sleep(pace.wait(false, PollPace::WAITING));
            self.complete_sends();
        }
    }
}

impl Drop for Mailbox<'_> {
    /// Only a panic leaves messages in transit. MPI may still read their buffers, so these stay
    /// allocated. Dropping an active request would be a second panic.
    fn drop(&mut self) {
        mem::forget(mem::take(&mut self.sending));
    }
}
