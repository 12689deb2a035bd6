//! The main thread of a rank other than 0 during a farm.

use super::compute::Finished;
use super::control::Control;
use super::farm::FarmEnd;
use super::mailbox::Mailbox;
use super::message::{Instruction, ReceivedMessage, Reply, encode};
use super::pace::PollPace;
use super::world::World;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};

/// Passes tasks to the compute thread and results to rank 0, until rank 0 ends the farm. `None` if
/// the farm failed.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the compute thread ends when the sender of tasks is dropped"
)]
pub fn serve(
    world: &World,
    control: &Control,
    tasks: Sender<(usize, ReceivedMessage)>,
    outcomes: &Receiver<Finished<Vec<u8>>>,
    stop: &dyn Fn() -> bool,
) -> Option<FarmEnd> {
    let mut mailbox = Mailbox::new(world);
    let mut pace = PollPace::new();
    let (mut active, mut busy, mut asked_to_stop) = (true, false, false);
    loop {
        while let Some((_, message)) = mailbox.receive() {
            match ReceivedMessage::open(message) {
                (Instruction::Task(task), parcel) => {
                    tasks.send((task, parcel)).expect("the compute thread waits for tasks");
                    busy = true;
                }
                (Instruction::Stop, _) => control.request_stop(),
                (Instruction::End(end), _) => {
                    mailbox.flush();
                    return end.into();
                }
            }
            active = true;
        }
        mailbox.complete_sends();
        if let Some(progress) = control.take_due() {
            mailbox.send(0, encode(&Reply::Progress(progress)));
        }
        if let Some(checkpoint) = control.take_checkpoint() {
            mailbox.send(0, encode(&Reply::Checkpoint(checkpoint)));
        }
        if !asked_to_stop && stop() {
            asked_to_stop = true;
            mailbox.send(0, encode(&Reply::StopRequested));
        }
        let longest =
            if busy && mailbox.in_flight() == 0 { PollPace::WORKING } else { PollPace::WAITING };
        match outcomes.recv_timeout(pace.wait(active, longest)) {
            Ok(Finished { seconds, outcome }) => {
                mailbox.send(
                    0,
                    outcome.unwrap_or_else(|failure| encode(&Reply::Failed { seconds, failure })),
                );
                (active, busy) = (true, false);
            }
            Err(RecvTimeoutError::Timeout) => active = false,
            Err(RecvTimeoutError::Disconnected) => {
                unreachable!("the compute thread lasts as long as its sender of tasks")
            }
        }
    }
}
