//! Work spread over the threads of a rank, with results that do not depend on their number.
//!
//! Work is cut into items in a way that the number of threads has no part in. Threads take the items in
//! their order, and what an item adds to a sum it adds in its turn, after all items before it: every sum has
//! one order of its terms, and is the same to the last bit on one thread and on sixty.

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The threads of a rank that compute; by default one, the caller's own.
#[derive(Debug, Default)]
pub struct Threads(Option<ThreadPool>);

impl Threads {
    /// `count` of them; 0 counts as 1.
    ///
    /// # Errors
    /// If the system refuses that many.
    pub fn new(count: usize) -> Result<Self, ThreadPoolBuildError> {
        let pool = || {
            ThreadPoolBuilder::new()
                .num_threads(count)
                .thread_name(|k| format!("compute {k}"))
                .build()
        };
        Ok(Self((count > 1).then(pool).transpose()?))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.as_ref().map_or(1, ThreadPool::current_num_threads)
    }

    /// What `work` makes of each item from 0 to `items`, in their order; nothing once one of them gives up by
    /// returning nothing: the others are then not begun, or give up where they wait for their turn.
    ///
    /// There are `gates` that an item can [pass](Turn::pass). Every item has to pass the same ones, in one order.
    ///
    /// # Panics
    /// If `work` panics, with the panic of that.
    pub fn run<R: Send>(
        &self,
        items: usize,
        gates: usize,
        work: impl Fn(Turn) -> Option<R> + Sync,
    ) -> Option<Vec<R>> {
        let gates = Gates::new(gates);
        let work = |item| work(Turn { item, gates: &gates });
        let Some(pool) = &self.0 else { return (0..items).map(work).collect() };
        let (next, panic) = (AtomicUsize::new(0), Mutex::new(None));
        let one_thread = || {
            let mut done = Vec::new();
            while !gates.given_up() {
                let item = next.fetch_add(1, Ordering::Relaxed);
                if item >= items {
                    break;
                }
                // Others may wait for this item: they must not do so forever.
                match catch_unwind(AssertUnwindSafe(|| work(item))) {
                    Ok(Some(result)) => done.push((item, result)),
                    Ok(None) => gates.give_up(),
                    Err(payload) => {
                        panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(payload);
                        gates.give_up();
                    }
                }
            }
            done
        };
        let mut results: Vec<(usize, R)> =
            pool.broadcast(|_| one_thread()).into_iter().flatten().collect();
        let panic: Option<Box<dyn Any + Send>> =
            panic.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
        if gates.given_up() {
            return None;
        }
        results.sort_unstable_by_key(|&(item, _)| item);
        Some(results.into_iter().map(|(_, result)| result).collect())
    }
}

/// An item at work.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'t> {
    /// Its number.
    pub item: usize,
    gates: &'t Gates,
}

impl Turn<'_> {
    /// Waits until all items before this one have passed the gate, calls `pass`, and opens the gate for the
    /// next item; nothing if an item has given up, which may be one of those waited for.
    ///
    /// # Panics
    /// If there is no such gate.
    pub fn pass(&self, gate: usize, pass: impl FnOnce()) -> Option<()> {
        self.gates.wait(gate, self.item)?;
        pass();
        self.gates.open(gate);
        Some(())
    }
}

/// Gates that items pass in their order.
#[derive(Debug)]
struct Gates {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// The item that each gate is open for.
    open_for: Vec<usize>,
    given_up: bool,
}

impl Gates {
    fn new(gates: usize) -> Self {
        Self {
            state: Mutex::new(State { open_for: vec![0; gates], given_up: false }),
            changed: Condvar::new(),
        }
    }

    fn wait(&self, gate: usize, item: usize) -> Option<()> {
        let mut state = self.state();
        while state.open_for[gate] != item {
            if state.given_up {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        Some(())
    }

    fn open(&self, gate: usize) {
        self.state().open_for[gate] += 1;
        self.changed.notify_all();
    }

    fn given_up(&self) -> bool {
        self.state().given_up
    }

    fn give_up(&self) {
        self.state().given_up = true;
        self.changed.notify_all();
    }

    /// Nothing panics while it holds the lock.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::sleep;
    use std::time::Duration;

    /// Items of uneven length: without turns their order would be another.
    fn passed(threads: usize, gates: usize) -> (Vec<usize>, Vec<Vec<usize>>) {
        let order: Vec<Mutex<Vec<usize>>> = (0..gates).map(|_| Mutex::default()).collect();
        let results = Threads::new(threads).unwrap().run(40, gates, |turn| {
            let item = turn.item;
            sleep(Duration::from_micros([900, 50, 400][item % 3]));
            for (gate, order) in order.iter().enumerate() {
                turn.pass(gate, || order.lock().unwrap().push(item))?;
            }
            Some(item * item)
        });
        (results.unwrap(), order.into_iter().map(|order| order.into_inner().unwrap()).collect())
    }

    #[test]
    fn items_pass_every_gate_in_their_order_on_any_number_of_threads() {
        for threads in [0, 1, 2, 3, 8] {
            let (results, order) = passed(threads, 3);
            assert!(results.into_iter().eq((0..40).map(|item| item * item)), "{threads} threads");
            assert!(
                order.into_iter().all(|order| order.into_iter().eq(0..40)),
                "{threads} threads"
            );
        }
    }

    #[test]
    fn one_item_that_gives_up_ends_all_without_waiting_for_it() {
        for threads in [1, 2, 3, 8] {
            let results = Threads::new(threads).unwrap().run(1000, 1, |turn| {
                (turn.item != 5).then_some(())?;
                turn.pass(0, || ())
            });
            assert_eq!(results, None, "{threads} threads");
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_with_its_message() {
        for threads in [1, 3] {
            let threads = Threads::new(threads).unwrap();
            let panic = catch_unwind(AssertUnwindSafe(|| {
                threads.run(100, 1, |turn| {
                    assert!(turn.item != 7, "item {}", turn.item);
                    turn.pass(0, || ())
                })
            }));
            assert_eq!(
                panic.unwrap_err().downcast_ref::<String>().map(String::as_str),
                Some("item 7")
            );
            // The threads are there for the next.
            assert_eq!(threads.run(3, 0, |turn| Some(turn.item)), Some(vec![0, 1, 2]));
        }
    }
}
