//! Put down between two steps or in the middle of one and taken up again: the same bits.

use lossatlas::data::{Dataset, digits};
use lossatlas::landscape::{
    BuiltIn, ImageLandscape, Interrupted, Interruptible, Landscape, LennardJones, MuellerBrown,
};
use lossatlas::network::{Activation, Fcp, Network, Value};
use lossatlas::optimizer::{
    ChosenOptimizer, LbfgsParameters, MinimizationParameters, Trainer, TrainingRun, TrainingState,
    minimize, optimizer_kind, train,
};
use lossatlas::path::{
    ChosenMethod, METHODS, PathParameters, PathSearch, PathState, PathStop, RateSchedule,
    equally_spaced,
};
use lossatlas::random::MasterSeed;
use lossatlas::solver::{Solver, SolverStep, complete};
use serde::Serialize;
use std::sync::atomic::{AtomicUsize, Ordering};

const SEED: MasterSeed = MasterSeed(5);

fn data() -> Dataset {
    digits::draw(SEED, 600, 60)
}

fn network() -> Fcp {
    Fcp::new(&[784, 8, 10], Activation::Softplus)
}

/// Its state as it goes to disk.
fn bytes<S: Solver>(computation: &S) -> Option<Vec<u8>> {
    computation.state().map(|state| postcard::to_allocvec(&state).expect("a state is plain data"))
}

/// An interrupt that comes after so many looks at it.
struct Fuse(AtomicUsize);

const NEVER: usize = usize::MAX / 2;

impl Fuse {
    fn burnt(&self) -> bool {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(1), Ordering::Relaxed);
        left == 0
    }

    fn set(&self, looks: usize) {
        self.0.store(looks, Ordering::Relaxed);
    }
}

/// Lets a step be interrupted at each of its looks before it is taken for good; the interrupted
/// ones must change nothing.
fn interrupted_step<S: Solver>(computation: &mut S, fuse: &Fuse) -> SolverStep<S::Output> {
    let before = bytes(computation);
    for looks in 0.. {
        fuse.set(looks);
        let step = computation.step();
        fuse.set(NEVER);
        // Interrupted after its last look, or without one, a step is taken all the same.
        if let Ok(step) = step {
            return step;
        }
        assert!(bytes(computation) == before, "a step interrupted at look {looks} left a trace");
    }
    unreachable!("a step ends")
}

/// Drives a computation that is stored and made anew after every step.
fn in_pieces<O>(
    mut piece: impl FnMut(Option<Vec<u8>>) -> (SolverStep<O>, Option<Vec<u8>>),
) -> (O, usize) {
    let mut state = None;
    for steps in 1.. {
        match piece(state) {
            (SolverStep::Finished(output), _) => return (output, steps),
            (SolverStep::Continue, stored) => state = stored,
        }
    }
    unreachable!("a computation ends")
}

fn same_bits(one: &impl Serialize, other: &impl Serialize) {
    assert_eq!(
        postcard::to_allocvec(one).expect("plain data"),
        postcard::to_allocvec(other).expect("plain data")
    );
}

fn trained_in_pieces(training: &ChosenOptimizer) -> (TrainingRun, TrainingRun, usize) {
    let (data, network) = (data(), network());
    let fuse = Fuse(AtomicUsize::new(NEVER));
    let interrupt = || fuse.burnt();
    let landscape = |images| ImageLandscape::<f32>::new(&network, images).interruptible(&interrupt);
    let [on_train, on_test] = [&data.train, &data.test].map(|images| landscape(images.view()));
    let whole =
        train(training, SEED, 3, &on_train, &on_test, &mut |_, _| true).expect("nobody stops it");
    let (pieced, steps) = in_pieces(|stored| {
        let state: Option<TrainingState> =
            stored.map(|bytes| postcard::from_bytes(&bytes).expect("as stored"));
        let mut trainer = Trainer {
            training,
            seed: SEED,
            initialization: 3,
            train: &on_train,
            test: &on_test,
            state,
        };
        let step = interrupted_step(&mut trainer, &fuse);
        let stored = bytes(&trainer);
        (step, stored)
    });
    (whole, pieced, steps)
}

#[test]
fn training_runs() {
    let sgd = ChosenOptimizer::sgd(0.1, 32, 4);
    let lbfgs = |line_search_evaluations| {
        ChosenOptimizer::lbfgs(&LbfgsParameters {
            iterations: 40,
            memory: 3,
            line_search_evaluations,
            line_search_tolerance: 1e-4,
            target_loss: 1e-4,
        })
    };
    let momentum = sgd
        .clone()
        .with("momentum", Value::Number(0.9))
        .with("nesterov", Value::Flag(true))
        .with("weight_decay", Value::Number(1e-3))
        .with("schedule", Value::Word("cosine"))
        .with("warmup", Value::Count(1));
    let full = momentum.clone().with("batch_size", Value::CountOrAll(None));
    let adam = |kind| {
        let adam = ChosenOptimizer::with_defaults(optimizer_kind(kind).expect("it is listed"));
        adam.with("epochs", Value::Count(4)).with("weight_decay", Value::Number(0.02))
    };
    // With two trials a line search often fails, so that the memory is dropped now and then.
    for (training, least) in [
        (sgd, 10),
        (momentum, 10),
        (full, 10),
        (adam("adam"), 10),
        (adam("adamw"), 10),
        (lbfgs(6), 20),
        (lbfgs(2), 20),
    ] {
        let (whole, pieced, steps) = trained_in_pieces(&training);
        assert!(steps >= least, "{steps} steps of {training:?}");
        same_bits(&whole, &pieced);
    }
}

#[test]
fn a_diverging_run_diverges_alike() {
    let (whole, pieced, _) = trained_in_pieces(&ChosenOptimizer::sgd(1e30, 32, 4));
    assert!(whole.stop.diverged());
    same_bits(&whole, &pieced);
}

#[test]
fn paths() {
    let (data, network) = (data(), network());
    let fuse = Fuse(AtomicUsize::new(NEVER));
    let interrupt = || fuse.burnt();
    let landscape =
        ImageLandscape::<f32>::new(&network, data.train.view()).interruptible(&interrupt);
    let theta = |number: u64| {
        Network::<f32>::layout(&network).initialize::<f32>(&mut SEED.stream("theta", &[number]))
    };
    let (a, b) = (theta(0), theta(1));
    let batches = landscape.batches(250, SEED);
    // The whole in each step; batches, looked at every third step; until hardly anything is gained.
    let (all, every) = (0.0, 0.99);
    let cases = [
        (0, None, all),
        (7, None, all),
        (0, Some(&batches), all),
        (7, Some(&batches), all),
        (40, Some(&batches), every),
    ];
    for ((steps, batches, tolerance), method) in
        cases.into_iter().flat_map(|case| METHODS.iter().map(move |&method| (case, method)))
    {
        let method = ChosenMethod::with_defaults(method);
        let parameters = PathParameters {
            method,
            points: 9,
            lambda: 1e-4,
            steps,
            learning_rate: 1e-2,
            tolerance,
            patience: 2,
            ..PathParameters::default()
        };
        let search = |state| {
            let search = PathSearch::new(&landscape, &landscape, [&a, &b], &parameters, state);
            match batches {
                Some(batches) => search.in_batches(batches),
                None => search,
            }
        };
        let whole = complete(search(None), &mut |_, _| true).unwrap().unwrap().result;
        let (pieced, pieces) = in_pieces(|stored| {
            let state: Option<PathState<f32>> =
                stored.map(|bytes| postcard::from_bytes(&bytes).expect("as stored"));
            let mut search = search(state);
            let step = interrupted_step(&mut search, &fuse);
            let (fraction, _) = search.progress();
            assert!((0.0..=1.0).contains(&fraction), "{fraction}");
            let stored = bytes(&search);
            (step, stored)
        });
        // The line, the steps and a last look, the profile, ten pieces of the dense one.
        assert!(pieces >= whole.steps as usize + 12, "{pieces} pieces");
        let converged =
            matches!(whole.stop, PathStop::Converged { step } if step == whole.steps && step < 40);
        assert!(
            converged || tolerance.to_bits() == all.to_bits() && whole.steps as usize == steps,
            "{whole:?}"
        );
        same_bits(&whole, &pieced.unwrap().result);
        assert!(whole.fine_barrier >= whole.barrier);
    }
}

/// A search on a formula, whose evaluations are interrupted before they begin.
#[test]
fn paths_on_a_formula() {
    let fuse = Fuse(AtomicUsize::new(NEVER));
    let interrupt = || fuse.burnt();
    let landscape = Interruptible(&MuellerBrown, &interrupt);
    let ends = [0, 1].map(|number| &MuellerBrown::MINIMA[number][..]);
    for method in METHODS {
        let method = ChosenMethod::with_defaults(method);
        let parameters = PathParameters {
            method,
            points: 9,
            lambda: 1e-4,
            steps: 7,
            learning_rate: 1e-2,
            schedule: RateSchedule::Cooldown,
            stop_at_endpoint: true,
            patience: 2,
            ..PathParameters::default()
        };
        let search = |state| PathSearch::new(&landscape, &landscape, ends, &parameters, state);
        let whole = complete(search(None), &mut |_, _| true).unwrap().unwrap().result;
        let (pieced, _) = in_pieces(|stored| {
            let state: Option<PathState<f64>> =
                stored.map(|bytes| postcard::from_bytes(&bytes).expect("as stored"));
            let mut search = search(state);
            let step = interrupted_step(&mut search, &fuse);
            let stored = bytes(&search);
            (step, stored)
        });
        same_bits(&whole, &pieced.unwrap().result);
    }
}

/// A search that ended because its steps were used up goes on to the bits of one long descent: from
/// its kept end, and from a checkpoint between its last step and its result. States from which so
/// few steps cannot be reached any more are not used.
#[test]
fn longer_searches_go_on_from_shorter_ones() {
    let (data, network) = (data(), network());
    let landscape = ImageLandscape::<f32>::new(&network, data.train.view());
    let drawn = landscape.batches(250, SEED);
    let [a, b] = [0, 1].map(|number: u64| {
        let mut random = SEED.stream("theta", &[number]);
        Network::<f32>::layout(&network).initialize::<f32>(&mut random)
    });
    let parameters = |steps| PathParameters {
        method: ChosenMethod::fourier(2),
        points: 5,
        lambda: 0.01,
        steps,
        learning_rate: 0.05,
        tolerance: 0.0,
        patience: 2,
        ..PathParameters::default()
    };
    for batches in [None, Some(&drawn)] {
        let find = |parameters: &PathParameters, stored: Option<&[u8]>| {
            let state: Option<PathState<f32>> =
                stored.map(|bytes| postcard::from_bytes(bytes).expect("as stored"));
            let search = PathSearch::new(&landscape, &landscape, [&a, &b], parameters, state);
            let search = search.keeping_its_end();
            let mut search = match batches {
                Some(batches) => search.in_batches(batches),
                None => search,
            };
            // The last state before the result, whatever it is.
            let mut last = None;
            loop {
                match search.step().expect("nothing interrupts") {
                    SolverStep::Continue => last = bytes(&search),
                    SolverStep::Finished(found) => return (found.expect("a path"), last),
                }
            }
        };
        let long = parameters(9);
        let (whole, late) = find(&long, None);
        // Epochs of batches have three steps.
        for steps in [0, 1, 3, 4, 8, 9] {
            let (shorter, checkpoint) = find(&parameters(steps), None);
            let end = shorter.end.as_ref().expect("it was asked for");
            let end = postcard::to_allocvec(&end.state()).expect("plain data");
            for state in [Some(end), checkpoint] {
                let (found, _) = find(&long, state.as_deref());
                same_bits(&whole.result, &found.result);
                assert_eq!(found.result.steps, 9);
            }
            let (anew, _) = find(&parameters(steps), late.as_deref());
            same_bits(&shorter.result, &anew.result);
        }
        let end = whole.end.as_ref().expect("it was asked for").state();
        let curve = end.best(whole.result.best_step == whole.result.steps).to_vec();
        let (none, few) = (parameters(0), parameters(4));
        for parameters in [&none, &few] {
            let search = PathSearch::new(&landscape, &landscape, [&a, &b], parameters, None);
            let search = search.starting_from(Some(curve.clone()));
            let found = complete(search, &mut |_, _| true).unwrap().unwrap().result;
            assert_eq!(found.straight_loss, whole.result.straight_loss);
            if parameters.steps == 0 {
                assert_eq!((found.best_step, &found.loss), (0, &whole.result.loss));
                assert_eq!(found.barrier.to_bits(), whole.result.barrier.to_bits());
                assert!(!found.is_straight_line());
            }
        }
    }
}

/// With a rate that depends on the number of steps, a shorter search is no beginning of a longer
/// one. A checkpoint of the same search is resumed.
#[test]
fn searches_of_another_length_begin_anew_if_their_rate_depends_on_it() {
    let ends = [0, 1].map(|number| &MuellerBrown::MINIMA[number][..]);
    for schedule in [RateSchedule::Cosine, RateSchedule::Cooldown] {
        let parameters = |steps| PathParameters {
            method: ChosenMethod::fourier(3),
            points: 9,
            steps,
            learning_rate: 1e-2,
            schedule,
            ..PathParameters::default()
        };
        let begin = |parameters, stored: Option<&[u8]>| {
            let state: Option<PathState<f64>> =
                stored.map(|bytes| postcard::from_bytes(bytes).expect("as stored"));
            PathSearch::new(&MuellerBrown, &MuellerBrown, ends, parameters, state).keeping_its_end()
        };
        let (few, many) = (parameters(4), parameters(9));
        let shorter = complete(begin(&few, None), &mut |_, _| true).unwrap().unwrap();
        let longer = complete(begin(&many, None), &mut |_, _| true).unwrap().unwrap().result;
        let end = shorter.end.as_ref().expect("it was asked for");
        let mut half = begin(&few, None);
        for _ in 0..3 {
            assert!(matches!(half.step(), Ok(SolverStep::Continue)));
        }
        let checkpoint = bytes(&half).expect("it has begun");
        for stored in [postcard::to_allocvec(&end.state()).expect("plain data"), checkpoint] {
            let mut search = begin(&many, Some(&stored));
            assert!(bytes(&search).is_none(), "it has not begun");
            assert!(matches!(search.step(), Ok(SolverStep::Continue)));
            let found = complete(search, &mut |_, _| true).unwrap().unwrap().result;
            same_bits(&longer, &found);
            let resumed = begin(&few, Some(&stored));
            assert!(bytes(&resumed).is_some());
            let found = complete(resumed, &mut |_, _| true).unwrap().unwrap().result;
            same_bits(&shorter.result, &found);
        }
    }
}

/// A relaxation has no steps: interrupted at any of its evaluations it is as if it had not begun.
#[test]
fn relaxations() {
    let fuse = Fuse(AtomicUsize::new(NEVER));
    let interrupt = || fuse.burnt();
    let cluster = BuiltIn::LennardJones(LennardJones::new(3, 2).unwrap()).build();
    let (landscape, parameters) =
        (Interruptible(&cluster, &interrupt), MinimizationParameters::default());
    let start = [0.0, 0.0, 1.3, 0.1, 0.2, 1.2];
    let whole = minimize(&cluster, &start, &parameters).unwrap();
    assert!((whole.value + 3.0).abs() < 1e-9, "{whole:?}");
    let mut interruptions = 0;
    let pieced = loop {
        fuse.set(interruptions);
        match minimize(&landscape, &start, &parameters) {
            Err(Interrupted) => interruptions += 1,
            Ok(relaxed) => break relaxed,
        }
    };
    // The start, and in each iteration a trial and the gradient at least.
    assert!(interruptions > 2 * whole.iterations as usize, "{interruptions} interruptions");
    same_bits(&whole, &pieced);
}

/// What an evaluation came to, in numbers.
type Evaluation<'a> = Box<dyn FnMut() -> Result<Vec<f64>, Interrupted> + 'a>;

#[test]
fn an_evaluation_under_way_is_interrupted_whichever_it_is() {
    let (data, network) = (digits::draw(SEED, 3000, 1), network());
    let theta = Network::<f32>::layout(&network).initialize::<f32>(&mut SEED.stream("theta", &[]));
    let fuse = Fuse(AtomicUsize::new(NEVER));
    let interrupt = || fuse.burnt();
    let landscape =
        ImageLandscape::<f32>::new(&network, data.train.view()).interruptible(&interrupt);
    let curve = ChosenMethod::fourier(2).straight([&theta[..], &theta]);
    let (grid, mut gradient) = (curve.grid(&equally_spaced(3)), vec![0.0; theta.len()]);
    let mut along = vec![0.0; 2 * theta.len()];
    let mut evaluations: [Evaluation; 7] = [
        Box::new(|| Ok(vec![landscape.value(&theta)?])),
        Box::new(|| {
            let (loss, accuracy) = landscape.loss_and_accuracy(&theta)?;
            Ok(vec![loss, accuracy])
        }),
        Box::new(|| {
            let mut gradient = vec![0.0; theta.len()];
            let loss = landscape.value_and_gradient(&theta, &mut gradient)?;
            Ok(gradient.into_iter().map(f64::from).chain([loss]).collect())
        }),
        Box::new(|| {
            let loss = landscape.batch_gradient(&theta, &[3, 1, 2], &mut gradient)?;
            Ok(gradient.iter().copied().map(f64::from).chain([loss]).collect())
        }),
        Box::new(|| {
            let mut line = landscape.line(&theta, &theta)?;
            let mut gradient = vec![0.0; theta.len()];
            Ok(vec![line.value(0.1)?, line.value_and_gradient(0.2, &mut gradient)?])
        }),
        Box::new(|| landscape.values_at(&curve.points(&grid))),
        Box::new(|| {
            let losses = curve.pull_back(&landscape, &grid, &mut along)?;
            Ok(along.iter().copied().map(f64::from).chain(losses).collect())
        }),
    ];
    for (number, evaluation) in evaluations.iter_mut().enumerate() {
        let whole = evaluation().unwrap();
        let mut looks = 0;
        let pieced = loop {
            fuse.set(looks);
            match evaluation() {
                Err(Interrupted) => looks += 1,
                Ok(values) => break values,
            }
        };
        fuse.set(NEVER);
        // A batch is looked at once, all images once for each of their twelve blocks.
        assert!(
            looks >= if number == 3 { 1 } else { 12 },
            "evaluation {number} was interrupted {looks} times"
        );
        same_bits(&whole, &pieced);
    }
}
