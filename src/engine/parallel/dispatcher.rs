//! The main thread of rank 0 during a farm.

use super::compute::{Finished, panic_message};
use super::control::{Checkpoint, Control, TaskReport};
use super::farm::{Event, FarmEnd, FarmError, TaskFailure};
use super::mailbox::Mailbox;
use super::message::{End, Instruction, ReceivedMessage, Reply, encode, encode_with};
use super::pace::PollPace;
use super::schedule::{Assignment, TaskSchedule};
use super::world::World;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// Hands out tasks, collects results, and reports events to the caller.
pub struct Dispatcher<'a, T, R, E> {
    world: &'a World,
    mailbox: Mailbox<'a>,
    schedule: TaskSchedule,
    /// The control of the compute thread of this rank.
    control: &'a Control,
    tasks: Sender<(usize, T)>,
    make: &'a mut dyn FnMut(usize) -> T,
    on_event: &'a mut dyn FnMut(Event<R>) -> Result<(), E>,
    failure: Option<FarmError<E>>,
    stopped: bool,
    last_idle: Instant,
}

/// Maximum number of tasks in transit: enough to hide the latency of the network, and so few that
/// the first tasks of thousands of ranks do not fill the memory of rank 0.
const MAX_IN_FLIGHT: usize = 64;

const IDLE_INTERVAL: Duration = Duration::from_millis(200);

impl<'a, T, R, E> Dispatcher<'a, T, R, E>
where
    T: Serialize,
    R: DeserializeOwned,
{
    pub fn new(
        world: &'a World,
        count: usize,
        control: &'a Control,
        tasks: Sender<(usize, T)>,
        make: &'a mut dyn FnMut(usize) -> T,
        on_event: &'a mut dyn FnMut(Event<R>) -> Result<(), E>,
    ) -> Self {
        Self {
            world,
            mailbox: Mailbox::new(world),
            schedule: TaskSchedule::new(count, world.size()),
            control,
            tasks,
            make,
            on_event,
            failure: None,
            stopped: false,
            last_idle: Instant::now(),
        }
    }

    /// Runs the farm to its end, on all ranks.
    pub fn run(
        mut self,
        outcomes: &Receiver<Finished<R>>,
        stop: &dyn Fn() -> bool,
    ) -> Result<FarmEnd, FarmError<E>> {
        let mut pace = PollPace::new();
        let mut active = true;
        while !self.schedule.is_over() {
            if stop() {
                self.stop();
            }
            active |= self.hand_out() | self.hear_ranks();
            match outcomes.recv_timeout(pace.wait(active, self.longest_sleep())) {
                Ok(Finished { seconds, outcome }) => {
                    self.finish(0, seconds, outcome);
                    active = true;
                }
                Err(RecvTimeoutError::Timeout) => active = false,
                Err(RecvTimeoutError::Disconnected) => {
                    unreachable!("the compute thread lasts as long as its sender of tasks")
                }
            }
            self.report_progress_here();
            self.tick();
        }
        self.dismiss()
    }

    fn longest_sleep(&self) -> Duration {
        if self.world.size() == 1 {
            PollPace::WORKING
        } else if self.mailbox.in_flight() > 0 || self.schedule.is_idle(0) {
            PollPace::WAITING
        } else {
            PollPace::LISTENING
        }
    }

    /// Gives tasks to free ranks. Returns whether there was one.
    fn hand_out(&mut self) -> bool {
        let mut any = false;
        while self.mailbox.in_flight() < MAX_IN_FLIGHT {
            let Some(Assignment { task, rank }) = self.schedule.assign() else { break };
            any = true;
            match self.hand_over(task, rank) {
                Ok(()) => self.tell(Event::Started { task, rank }),
                Err(error) => {
                    self.schedule.release(rank);
                    self.fail(error);
                }
            }
        }
        any
    }

    fn hand_over(&mut self, task: usize, rank: usize) -> Result<(), FarmError<E>> {
        let made = catch_unwind(AssertUnwindSafe(|| (self.make)(task)));
        let payload = made.map_err(|panic| FarmError::Panicked {
            callback: "make",
            message: panic_message(&*panic),
        })?;
        if rank == 0 {
            self.tasks.send((task, payload)).expect("the compute thread waits for tasks");
        } else {
            let message = encode_with(&Instruction::Task(task), &payload)
                .map_err(|reason| FarmError::Task { task, rank, reason })?;
            self.mailbox.send(rank, message);
        }
        Ok(())
    }

    /// Processes the messages of the other ranks. Returns whether there were any.
    fn hear_ranks(&mut self) -> bool {
        self.mailbox.complete_sends();
        let mut any = false;
        while let Some((rank, message)) = self.mailbox.receive() {
            any = true;
            match ReceivedMessage::open(message) {
                (Reply::Progress(TaskReport { task, fraction, loss }), _) => {
                    self.tell(Event::Progress { task, rank, fraction, loss });
                }
                (Reply::Checkpoint(Checkpoint { task, state }), _) => {
                    self.tell(Event::Checkpoint { task, rank, state });
                }
                (Reply::StopRequested, _) => self.stop(),
                (Reply::Failed { seconds, failure }, _) => self.finish(rank, seconds, Err(failure)),
                // The results of a failed farm are dropped.
                (Reply::Finished { .. }, _) if self.failure.is_some() => {
                    _ = self.schedule.release(rank);
                }
                (Reply::Finished { seconds }, parcel) => {
                    self.finish(rank, seconds, parcel.value().map_err(TaskFailure::from));
                }
            }
            // The rank need not wait for the messages of all others.
            self.hand_out();
        }
        any
    }

    fn finish(&mut self, rank: usize, seconds: f64, outcome: Result<R, TaskFailure>) {
        let task = self.schedule.release(rank);
        self.tell(Event::Finished { task, rank, seconds, outcome });
    }

    fn report_progress_here(&mut self) {
        if let Some(TaskReport { task, fraction, loss }) = self.control.take_due() {
            self.tell(Event::Progress { task, rank: 0, fraction, loss });
        }
        if let Some(Checkpoint { task, state }) = self.control.take_checkpoint() {
            self.tell(Event::Checkpoint { task, rank: 0, state });
        }
    }

    fn tick(&mut self) {
        if self.last_idle.elapsed() >= IDLE_INTERVAL {
            self.last_idle = Instant::now();
            self.tell(Event::Idle);
        }
    }

    /// Reports an event to the caller, unless the farm has failed.
    fn tell(&mut self, event: Event<R>) {
        if self.failure.is_some() {
            return;
        }
        match catch_unwind(AssertUnwindSafe(|| (self.on_event)(event))) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.fail(FarmError::Event(error)),
            Err(panic) => self.fail(FarmError::Panicked {
                callback: "on_event",
                message: panic_message(&*panic),
            }),
        }
    }

    fn fail(&mut self, error: FarmError<E>) {
        self.failure.get_or_insert(error);
        self.stop();
    }

    /// Stops handing out tasks, and asks the running ones to stop.
    fn stop(&mut self) {
        if self.stopped {
            return;
        }
        self.stopped = true;
        self.schedule.close();
        self.control.request_stop();
        // Messages between two ranks keep their order, so this arrives after a task in transit.
        for Assignment { rank, .. } in
            self.schedule.running().filter(|assignment| assignment.rank != 0)
        {
            self.mailbox.send(rank, encode(&Instruction::Stop));
        }
    }

    /// Dismisses the other ranks: none has a task any more.
    fn dismiss(mut self) -> Result<FarmEnd, FarmError<E>> {
        let (end, result) = match self.failure.take() {
            Some(error) => (End::Failed, Err(error)),
            None if self.stopped => (End::Stopped, Ok(FarmEnd::Stopped)),
            None => (End::Completed, Ok(FarmEnd::Completed)),
        };
        for rank in 1..self.world.size() {
            self.mailbox.send(rank, encode(&Instruction::End(end)));
        }
        self.mailbox.flush();
        result
    }
}
