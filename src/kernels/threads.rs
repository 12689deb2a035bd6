//! Work distributed over the threads of a rank, with results that do not depend on their number.
//!
//! The division of work into items does not depend on the number of threads. Threads take the items
//! in order, and an item adds to a sum in an *ordered region*, after all items before it. So every
//! sum has a fixed order of its terms, and is the same to the last bit on one thread and on sixty.

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

    /// The results of items 0 to `items` − 1, in order. `None` if an item stopped: no further item
    /// is started then, and items that wait for it stop, too.
    ///
    /// `thread` runs on each thread that gets an item. It prepares what its items share and calls
    /// [`Items::each`]. `regions` is the number of ordered regions, which [`Item::in_order`]
    /// enters. Every item must enter the same ones, in the same order.
    ///
    /// # Panics
    /// If `thread` panics, with the same panic.
    pub fn run<R: Send>(
        &self,
        items: usize,
        regions: usize,
        thread: impl Fn(&mut Items<R>) + Sync,
    ) -> Option<Vec<R>> {
        let (order, next, panic) = (Order::new(regions), AtomicUsize::new(0), Mutex::new(None));
        let run_thread = || {
            let mut items =
                Items { next: &next, count: items, order: &order, first: None, done: Vec::new() };
            items.first = items.take();
            if items.first.is_some() {
                // Other threads may wait for the items of this one and must be released.
                if let Err(payload) = catch_unwind(AssertUnwindSafe(|| thread(&mut items))) {
                    panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(payload);
                    order.give_up();
                } else if items.first.is_some() {
                    order.give_up();
                }
            }
            items.done
        };
        let done = match &self.0 {
            Some(pool) => pool.broadcast(|_| run_thread()),
            None => vec![run_thread()],
        };
        let panic: Option<Box<dyn Any + Send>> =
            panic.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
        if order.given_up() {
            return None;
        }
        let mut results: Vec<(usize, R)> = done.into_iter().flatten().collect();
        results.sort_unstable_by_key(|&(index, _)| index);
        Some(results.into_iter().map(|(_, result)| result).collect())
    }
}

/// The items that one thread takes, one at a time.
#[derive(Debug)]
pub struct Items<'t, R> {
    next: &'t AtomicUsize,
    count: usize,
    order: &'t Order,
    /// The first one, taken before the thread begins.
    first: Option<usize>,
    done: Vec<(usize, R)>,
}

impl<'t, R> Items<'t, R> {
    /// Calls `work` with item after item, until there are no more, or until it returns `None`,
    /// which stops all items.
    pub fn each(&mut self, mut work: impl FnMut(Item<'t>) -> Option<R>) {
        while let Some(index) = self.first.take().or_else(|| self.take()) {
            match work(Item { index, order: self.order }) {
                Some(result) => self.done.push((index, result)),
                None => self.order.give_up(),
            }
        }
    }

    /// The next item. `None` if there is none, or if an item stopped.
    fn take(&self) -> Option<usize> {
        if self.order.given_up() {
            return None;
        }
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        (index < self.count).then_some(index)
    }
}

/// A running item.
#[derive(Clone, Copy, Debug)]
pub struct Item<'t> {
    /// Its number.
    pub index: usize,
    order: &'t Order,
}

impl Item<'_> {
    /// Waits until all items before this one have left the ordered region, calls `work`, and leaves
    /// the region to the next item. `None` if an item stopped, perhaps one of those that this one
    /// waited for.
    ///
    /// # Panics
    /// If there is no such region.
    pub fn in_order(&self, region: usize, work: impl FnOnce()) -> Option<()> {
        self.order.enter(region, self.index)?;
        work();
        self.order.leave(region);
        Some(())
    }
}

/// Regions that items enter in their order.
#[derive(Debug)]
struct Order {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// The item that each region is open for.
    open_for: Vec<usize>,
    given_up: bool,
}

impl Order {
    fn new(regions: usize) -> Self {
        Self {
            state: Mutex::new(State { open_for: vec![0; regions], given_up: false }),
            changed: Condvar::new(),
        }
    }

    fn enter(&self, region: usize, item: usize) -> Option<()> {
        let mut state = self.state();
        while state.open_for[region] != item {
            if state.given_up {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        Some(())
    }

    fn leave(&self, region: usize) {
        self.state().open_for[region] += 1;
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

    /// Items of uneven length: without ordered regions their order would be another.
    fn entered(threads: usize, regions: usize) -> (Vec<usize>, Vec<Vec<usize>>) {
        let order: Vec<Mutex<Vec<usize>>> = (0..regions).map(|_| Mutex::default()).collect();
        let results = Threads::new(threads).unwrap().run(40, regions, |items| {
            items.each(|item| {
                let index = item.index;
                sleep(Duration::from_micros([900, 50, 400][index % 3]));
                for (region, order) in order.iter().enumerate() {
                    item.in_order(region, || order.lock().unwrap().push(index))?;
                }
                Some(index * index)
            });
        });
        (results.unwrap(), order.into_iter().map(|order| order.into_inner().unwrap()).collect())
    }

    #[test]
    fn items_enter_every_region_in_their_order_on_any_number_of_threads() {
        for threads in [0, 1, 2, 3, 8] {
            let (results, order) = entered(threads, 3);
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
            let results = Threads::new(threads).unwrap().run(1000, 1, |items| {
                items.each(|item| {
                    (item.index != 5).then_some(())?;
                    item.in_order(0, || ())
                });
            });
            assert_eq!(results, None, "{threads} threads");
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_with_its_message() {
        for threads in [1, 3] {
            let threads = Threads::new(threads).unwrap();
            let panic = catch_unwind(AssertUnwindSafe(|| {
                threads.run(100, 1, |items| {
                    items.each(|item| {
                        assert!(item.index != 7, "item {}", item.index);
                        item.in_order(0, || ())
                    });
                })
            }));
            assert_eq!(
                panic.unwrap_err().downcast_ref::<String>().map(String::as_str),
                Some("item 7")
            );
            // The threads are there for the next.
            let indices = threads.run(3, 0, |items| items.each(|item| Some(item.index)));
            assert_eq!(indices, Some(vec![0, 1, 2]));
        }
    }

    #[test]
    fn threads_without_items_prepare_nothing_and_one_that_takes_none_ends_all() {
        let threads = Threads::new(8).unwrap();
        let prepared = AtomicUsize::new(0);
        let results = threads.run(2, 1, |items| {
            prepared.fetch_add(1, Ordering::Relaxed);
            items.each(|item| item.in_order(0, || ()));
        });
        assert_eq!(results, Some(vec![(); 2]));
        assert!(prepared.into_inner() <= 2);
        assert_eq!(threads.run::<()>(100, 1, |_| ()), None);
    }
}
