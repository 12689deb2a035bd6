//! Simulated schedules.

use super::*;
use crate::random::MasterSeed;
use rand::RngExt;

/// The true course of a task.
#[derive(Clone, Copy)]
struct Truth {
    seconds: f64,
    /// The fraction that is done when it ends: 1, or less if it ends early.
    end: f64,
    /// Seconds that it had taken before this session.
    before: f64,
}

/// A study: the plan, and its true course.
struct Study {
    ranks: usize,
    planned: Vec<Planned>,
    truth: Vec<Truth>,
}

impl Study {
    /// `count` tasks of each kind, of `work` planned and `pace` real seconds a unit, ±10 % from
    /// task to task.
    fn new(ranks: usize, kinds: &[(usize, f64, f64)]) -> Self {
        let mut random = MasterSeed(ranks as u64).stream("forecast", &[]);
        let mut study = Self { ranks, planned: Vec::new(), truth: Vec::new() };
        for (kind, &(count, work, pace)) in kinds.iter().enumerate() {
            for _ in 0..count {
                let seconds = work * pace * random.random_range(0.9..1.1);
                study.planned.push(Planned { kind, work, left: 1.0 });
                study.truth.push(Truth { seconds, end: 1.0, before: 0.0 });
            }
        }
        study
    }

    /// Simulates it, with a report of each running task every second, and asks for the time left
    /// again and again. Returns the answers with the truth.
    fn play(&self) -> Vec<Asked> {
        let mut forecast = Forecast::new(self.ranks, self.planned.clone());
        let mut running: Vec<(usize, f64)> = Vec::new();
        let (mut next, mut now, mut answers) = (0, 0.0, Vec::new());
        // A few hundred questions are enough.
        let total: f64 = self.truth.iter().map(|truth| truth.seconds).sum();
        let every = (total / self.ranks as f64 / 200.0).floor().max(1.0);
        loop {
            running.retain(|&(task, began)| {
                let Truth { seconds, before, .. } = self.truth[task];
                let over = now >= began + seconds - before;
                if over {
                    forecast.finish(task, seconds);
                }
                !over
            });
            while running.len() < self.ranks && next < self.planned.len() {
                forecast.start(next, now, self.truth[next].before);
                running.push((next, now));
                next += 1;
            }
            if running.is_empty() {
                break;
            }
            for &(task, began) in running.iter().filter(|(_, began)| now - began >= 1.0) {
                let Truth { seconds, end, before } = self.truth[task];
                forecast.report(task, now, end * (before + now - began) / seconds);
            }
            if now % every == 0.0 {
                answers.push((now, forecast.seconds_left(now)));
            }
            now += 1.0;
        }
        answers
            .into_iter()
            .map(|(at, left)| Asked { share: at / now, answer: left, truth: now - at })
            .collect()
    }
}

struct Asked {
    share: f64,
    answer: Option<f64>,
    truth: f64,
}

/// The largest error between these shares of the duration, relative to what is truly left, which
/// the clock tells to the second.
fn worst(asked: &[Asked], from: f64, to: f64) -> f64 {
    let within = asked.iter().filter(|asked| (from..to).contains(&asked.share));
    let error = |&Asked { answer, truth, .. }: &Asked| {
        ((answer.expect("something is known by now") - truth).abs() - 1.0).max(0.0) / truth
    };
    within.map(error).fold(0.0, f64::max)
}

#[test]
fn the_time_left_is_right_within_a_fifth_after_the_first_tenth() {
    for ranks in [1, 2, 3, 16, 64, 500] {
        // Equal tasks; two kinds of which one takes 20 times as long as the other, on a machine
        // three times slower than planned; fewer tasks than ranks.
        for kinds in [
            &[(12, 30.0, 1.0)][..],
            &[(75, 400.0, 3.0), (75, 20.0, 3.0)],
            &[(3, 1000.0, 0.5)],
            &[(2400, 60.0, 1.0)],
        ] {
            let asked = Study::new(ranks, kinds).play();
            let error = worst(&asked, 0.1, 0.9);
            assert!(error < 0.2, "{ranks} ranks, {kinds:?}: {error:.3}");
            // Toward the end a second is much of what is left.
            let late = asked.iter().filter(|asked| asked.share >= 0.9);
            let total = asked[0].truth;
            assert!(
                late.clone()
                    .all(|asked| (asked.answer.unwrap() - asked.truth).abs() < 0.05 * total + 1.0)
            );
        }
    }
}

/// The plan says 1000 iterations at most, and all end after 300 or so: known once some have ended.
#[test]
fn tasks_that_end_early_are_expected_to_once_one_has() {
    for ranks in [1, 2, 16] {
        let mut study = Study::new(ranks, &[(200, 100.0, 0.3)]);
        study.truth.iter_mut().for_each(|truth| truth.end = 0.3);
        let asked = study.play();
        let first_end = 33.0 / asked[0].truth;
        assert!(worst(&asked, first_end, 0.9) < 0.2, "{ranks} ranks");
        if ranks == 16 {
            let early = asked.iter().find(|asked| asked.answer.is_some()).unwrap();
            assert!(early.answer.unwrap() > 2.0 * early.truth, "nobody can know before");
        }
    }
}

/// What was done before counts neither as speed nor as work.
#[test]
fn a_continued_run_is_not_taken_for_a_fast_one() {
    for ranks in [2, 16] {
        let mut study = Study::new(ranks, &[(3 * ranks, 200.0, 1.0)]);
        for task in 0..ranks {
            study.truth[task].before = 0.8 * study.truth[task].seconds;
            study.planned[task].left = 0.5;
        }
        let asked = study.play();
        // From the first reports on.
        let error = worst(&asked, 3.0 / asked[0].truth, 0.9);
        assert!(error < 0.2, "{ranks} ranks: {error:.3}");
    }
}

#[test]
fn ranks_that_stand_idle_at_the_end_count() {
    // Three equal tasks on two ranks take two turns, not one and a half.
    let mut forecast = Forecast::new(2, vec![Planned { kind: 0, work: 1.0, left: 1.0 }; 3]);
    assert_eq!(forecast.seconds_left(0.0), None, "nothing has run");
    forecast.start(0, 0.0, 0.0);
    forecast.start(1, 0.0, 0.0);
    assert_eq!(forecast.seconds_left(5.0), None, "nothing has reported");
    forecast.report(0, 10.0, 0.5);
    forecast.report(1, 10.0, 0.5);
    assert_eq!(forecast.seconds_left(10.0), Some(10.0 + 20.0));
    forecast.finish(0, 20.0);
    forecast.finish(1, 20.0);
    forecast.start(2, 20.0, 0.0);
    assert_eq!(forecast.seconds_left(26.0), Some(14.0));
    forecast.put_back(2);
    assert_eq!(forecast.seconds_left(26.0), Some(20.0));
    forecast.finish(2, 20.0);
    assert_eq!(forecast.seconds_left(40.0), Some(0.0));
}

#[test]
fn tasks_that_outlast_what_was_expected_are_overdue_unless_others_wait() {
    let mut forecast = Forecast::new(2, vec![Planned { kind: 0, work: 1.0, left: 1.0 }; 3]);
    forecast.start(0, 0.0, 0.0);
    forecast.start(1, 0.0, 0.0);
    forecast.report(1, 10.0, 0.5);
    forecast.finish(0, 100.0);
    assert_eq!(forecast.overdue(500.0), None, "a task waits, and how long it takes is known");
    forecast.start(2, 100.0, 0.0);
    forecast.finish(2, 100.0);
    let due = forecast.seconds_left(0.0).expect("a pace");
    assert!(due > 0.0 && forecast.overdue(due).is_none(), "due at {due}");
    assert_eq!(forecast.overdue(due + 5.0), None, "a little late");
    assert_eq!(forecast.overdue(due + 300.0), Some(300.0));
    forecast.finish(1, 400.0);
    assert_eq!(forecast.overdue(1000.0), None, "all is done");
}

#[test]
fn a_kind_that_has_not_begun_takes_the_pace_of_the_others() {
    let planned = [(0, 10.0), (1, 30.0)].map(|(kind, work)| Planned { kind, work, left: 1.0 });
    let mut forecast = Forecast::new(1, planned.to_vec());
    forecast.start(0, 0.0, 0.0);
    forecast.finish(0, 20.0);
    assert_eq!(forecast.seconds_left(20.0), Some(60.0));
}

#[test]
fn waiting_tasks_go_to_whoever_is_free_first() {
    let cases = [
        (2, &[5.0, 1.0][..], &[3.0, 3.0, 3.0][..], 8.0),
        (4, &[], &[3.0, 2.0], 3.0),
        (2, &[7.0], &[], 7.0),
    ];
    for (ranks, running, waiting, end) in cases {
        assert!((makespan(ranks, running, waiting) - end).abs() < 1e-12);
    }
}
