//! The compute thread of a rank.

use super::control::Control;
use super::farm::TaskFailure;
use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender};
use std::thread::{Builder, Scope};
use std::time::Instant;

/// A finished task of this rank.
pub struct Finished<Q> {
    /// How long it took.
    pub seconds: f64,
    /// Its result.
    pub outcome: Result<Q, TaskFailure>,
}

/// The usual stack of a main thread; a spawned thread would get a quarter of it.
const STACK: usize = 8 << 20;

/// Starts the compute thread: it performs the tasks that arrive, one after the other, until the
/// sender of `tasks` is dropped.
///
/// # Errors
/// If the system refuses another thread, for instance at a limit on their number.
pub fn spawn<'scope, P, Q>(
    scope: &'scope Scope<'scope, '_>,
    control: &'scope Control,
    tasks: Receiver<(usize, P)>,
    finished: Sender<Finished<Q>>,
    perform: impl Fn(P) -> Result<Q, TaskFailure> + Send + 'scope,
) -> io::Result<()>
where
    P: Send + 'scope,
    Q: Send + 'scope,
{
    Builder::new().name("compute".into()).stack_size(STACK).spawn_scoped(scope, move || {
        for (task, payload) in tasks {
            let done = perform_one(control, task, || perform(payload));
            // The receiver is gone only if the main thread is unwinding.
            if finished.send(done).is_err() {
                break;
            }
        }
    })?;
    Ok(())
}

fn perform_one<Q>(
    control: &Control,
    task: usize,
    perform: impl FnOnce() -> Result<Q, TaskFailure>,
) -> Finished<Q> {
    control.begin(task);
    let start = Instant::now();
    // Half-done work belongs to this task and is dropped with it. If a work function shares state
    // between tasks, the next task finds a poisoned lock.
    let outcome = catch_unwind(AssertUnwindSafe(perform))
        .unwrap_or_else(|panic| Err(TaskFailure::Panicked(panic_message(&*panic))));
    let seconds = start.elapsed().as_secs_f64();
    control.end();
    Finished { seconds, outcome }
}

/// The text of a panic, cut so that it fits into a message.
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text.as_str(),
        _ => "a panic without a message",
    };
    text.chars().take(10_000).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::thread;

    #[test]
    fn a_panic_is_the_outcome_of_its_task_alone() {
        let control = Control::default();
        let (tasks, assigned) = channel();
        let (finished, outcomes) = channel();
        let perform = |x: i32| match x {
            0 => panic!("formatted {x}"),
            1 => panic!("plain"),
            2 => std::panic::panic_any(3_u8),
            x => Ok(x),
        };
        let outcomes: Vec<_> = thread::scope(|scope| {
            spawn(scope, &control, assigned, finished, perform).expect("a thread");
            for x in 0..4 {
                tasks.send((0, x)).expect("the thread waits");
            }
            drop(tasks);
            outcomes.iter().map(|done| done.outcome).collect()
        });
        let panicked = |text: &str| Err(TaskFailure::Panicked(text.to_owned()));
        assert_eq!(
            outcomes,
            [
                panicked("formatted 0"),
                panicked("plain"),
                panicked("a panic without a message"),
                Ok(3)
            ]
        );
    }
}
