use super::{Claim, Comparison, Judgment, LEVEL, claims, larger};
use crate::analysis::curvature::Sharpness;
use crate::analysis::kernel_pca::Kernel;
use crate::analysis::statistics::{Analysis, DistanceRequest, KernelPcaRequest, PairValues};
use crate::config::Config;
use crate::data::Split;
use crate::optimizer::{OptimizerName, Snapshot, TrainingRun, TrainingStop};
use crate::path::{PathResult, PathSet, PathStop};
use crate::report::figures::figures;
use crate::report::paper::{PaperOptimizer, optimizers, published, relation};
use crate::report::run::SetSharpness;
use crate::report::{Captured, CertifiedPaths, Run};
use crate::solutions::{LandscapeName, SetName, SolutionSet};
use ndarray::{Array2, Axis, s};

fn config_of(network: &str) -> Config {
    let text = format!(
        "seed = 1\n[dataset]\nkind = \"digits\"\n[network]\nkind = \"{network}\"\n[training]\ninitializations = 9\n\
         sgd = {{ learning_rate = 0.1, epochs = 3 }}\nlbfgs = {{ iterations = 9 }}\n"
    );
    Config::parse("test", &text, &[]).unwrap()
}

/// n vectors of 40 components with this spread, every one in its own direction, around `center` in
/// the first component; losses about 1 times `loss`.
fn set(
    optimizer: PaperOptimizer,
    split: Split,
    n: usize,
    spread: f32,
    center: f32,
    loss: f64,
) -> SolutionSet {
    let theta = Array2::from_shape_fn((n, 40), |(i, j)| {
        let wave = ((7 * i + 3 * j + i * j) as f32).sin();
        spread * (1.0 + 0.05 * i as f32) * wave + if j == 0 { center } else { 0.0 }
    });
    let losses: Vec<f64> = (0..n).map(|i| loss * (1.0 + 0.03 * i as f64)).collect();
    SolutionSet {
        name: optimizer.set(split),
        theta,
        initialization: (0..n as u32).collect(),
        epoch: vec![1; n],
        loss_train: losses.clone(),
        loss_test: losses,
        accuracy_train: vec![0.9; n],
        accuracy_test: vec![0.9; n],
    }
}

/// Every pair of n solutions; heights about `height`.
fn paths(
    optimizer: PaperOptimizer,
    split: Split,
    landscape: LandscapeName,
    n: u32,
    height: f64,
) -> PathSet {
    let pairs: Vec<(u32, u32)> = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b))).collect();
    let path = |&(a, b): &(u32, u32)| {
        let height = height * (1.0 + 0.02 * f64::from(a) + 0.031 * f64::from(b));
        Ok(PathResult {
            loss: vec![height; 2],
            straight_loss: vec![height; 2],
            barrier: height,
            fine_barrier: height,
            straight_barrier: height,
            length: 1.0,
            length_straight: 1.0,
            steps: 1,
            best_step: 1,
            stop: PathStop::Completed,
            accuracy: None,
        })
    };
    PathSet {
        set: optimizer.set(split).into(),
        landscape,
        results: pairs.iter().map(path).collect(),
        pairs,
    }
}

/// A run of n solutions a set in which all that the paper claims of FCP is so.
fn as_claimed(config: &Config, n: usize) -> Run<'_> {
    use PaperOptimizer::{Lbfgs, Sgd};
    let sets = vec![
        set(Sgd, Split::Train, n, 0.1, 0.0, 1e-3),
        set(Sgd, Split::Test, n, 0.1, 0.0, 0.1),
        set(Lbfgs, Split::Train, n, 0.2, 3.0, 1e-8),
        set(Lbfgs, Split::Test, n, 0.15, 0.0, 0.11),
    ];
    let heights = [
        (Sgd, Split::Train, 0.1),
        (Sgd, Split::Test, 0.1),
        (Lbfgs, Split::Train, 0.9),
        (Lbfgs, Split::Test, 0.3),
    ];
    let on = |landscape| {
        heights
            .map(|(optimizer, split, height)| paths(optimizer, split, landscape, n as u32, height))
    };
    let both = |split| [Lbfgs.set(split), Sgd.set(Split::Test)];
    let kernel = Kernel::Rbf { two_sigma_squared: 40.0 };
    let pca = |split: Split| KernelPcaRequest {
        name: split.to_string(),
        kernel,
        standardize: false,
        sets: both(split).into(),
        components: 3,
    };
    let distance = |split: Split| DistanceRequest { name: split.to_string(), sets: both(split) };
    let splits = [Split::Train, Split::Test];
    let analysis = Analysis::of(&sets, &splits.map(pca), &splits.map(distance)).unwrap();
    Run {
        label: "FCP".to_owned(),
        number: 0,
        captured: Captured::default(),
        config,
        effective: config.effective.clone(),
        data: String::new(),
        known_data: Some("MNIST".to_owned()),
        curves: Vec::new(),
        paths: [LandscapeName::Train, LandscapeName::Test].into_iter().flat_map(on).collect(),
        sets,
        analysis,
        plane: None,
        missing: Vec::new(),
        refined_barriers: Vec::new(),
        certified: CertifiedPaths::default(),
        unfinished: None,
        sharpness: Vec::new(),
        index: Vec::new(),
        tables: Vec::new(),
        notes: Vec::new(),
    }
}

/// The verdicts on a claim, in order.
fn verdicts(claims: &[Claim], number: usize) -> Vec<Judgment> {
    claims[number - 1].findings.iter().map(|finding| finding.status).collect()
}

#[test]
fn what_is_as_claimed_is_supported_and_exceptions_are_the_opposite() {
    use Judgment::{NotSupported as No, NotTestable as Open, Supported as Yes};
    let (fcp, autoencoder) = (config_of("fcp"), config_of("autoencoder"));
    let found = claims(&[as_claimed(&fcp, 12)]);
    // No curves: claim 2 is open. The centers of the train sets are farther apart than the vectors
    // are wide.
    let expected: [&[Judgment]; 10] = [
        &[Yes, Yes],
        &[Open],
        &[Yes, Yes, Yes],
        &[Yes],
        &[Yes, Yes],
        &[Yes, No, Yes, Yes],
        &[Yes, Open],
        &[Yes],
        &[],
        // No curvature was computed.
        &[Open],
    ];
    for (number, expected) in (1..).zip(expected) {
        assert_eq!(verdicts(&found, number), expected, "claim {number}: {:#?}", found[number - 1]);
    }
    let found = claims(&[as_claimed(&autoencoder, 12)]);
    for (number, expected) in [(3, &[No, No, No][..]), (4, &[No]), (8, &[No])] {
        assert_eq!(verdicts(&found, number), expected, "claim {number}");
    }
}

/// Scores along PC1 and PC2 in place of those of the first kernel PCA, of L-BFGS and of SGD.
fn with_scores(run: &mut Run<'_>, score: impl Fn(bool, usize) -> [f64; 2]) {
    let result = &mut run.analysis.kernel_pca[0];
    let half = result.set.len() / 2;
    result.projection = Array2::from_shape_fn((2 * half, 2), |(row, component)| {
        score(result.set[row] == 0, row % half)[component]
    });
}

/// A few vectors span PC1 and all others sit at one end, those of one set just above the others:
/// |δ| is 1.
#[test]
fn sets_on_top_of_each_other_are_not_separate_however_large_delta_is() {
    let config = config_of("fcp");
    let mut run = as_claimed(&config, 12);
    with_scores(&mut run, |lbfgs, i| match (lbfgs, i) {
        (true, 0) => [100.0, 0.0],
        (true, i) => [0.1 + 0.01 * i as f64, (i as f64).sin()],
        (false, i) => [-0.01 * i as f64, (i as f64).cos()],
    });
    run.analysis.kernel_pca[0].kernel = Kernel::Polynomial { scale: 1.0, degree: 3, constant: 1.0 };
    let found = claims(std::slice::from_ref(&run));
    let finding = &found[6].findings[1];
    assert!(finding.comparison.as_ref().unwrap().delta >= 1.0);
    assert_eq!(finding.status, Judgment::Supported, "{}", finding.reason);
    // The same scores do not support that the RBF kernel separates them.
    run.analysis.kernel_pca[0].kernel = Kernel::Rbf { two_sigma_squared: 40.0 };
    let finding = claims(std::slice::from_ref(&run)).remove(6).findings.remove(0);
    assert_eq!(finding.status, Judgment::NotSupported, "{}", finding.reason);
    // Two clouds side by side, between 0.25 and 0.5, decide nothing.
    with_scores(&mut run, |lbfgs, i| {
        let along = if lbfgs { 0.05 } else { -1.05 } + i as f64 / 11.0;
        [along, 0.7 * (3.0 * i as f64).sin()]
    });
    let finding = claims(std::slice::from_ref(&run)).remove(6).findings.remove(0);
    assert_eq!(finding.status, Judgment::NotTestable, "{}", finding.reason);
}

#[test]
fn standardized_parameters_decide_and_the_others_stand_beside_them() {
    let config = config_of("fcp");
    let mut run = as_claimed(&config, 12);
    let mut standardized = run.analysis.kernel_pca[0].clone();
    standardized.standardized = true;
    run.analysis.kernel_pca.push(standardized);
    with_scores(&mut run, |_, i| [(i as f64).sin(), (i as f64).cos()]);
    let found = claims(&[run]);
    let findings = &found[6].findings;
    assert_eq!(findings[0].status, Judgment::Supported, "{}", findings[0].reason);
    assert!(
        findings[0].statement.contains("of standardized parameters"),
        "{}",
        findings[0].statement
    );
    assert!(
        findings[0].reason.contains("; not standardized (rbf, 2σ² = 40): |δ| is 0"),
        "{}",
        findings[0].reason
    );
    assert_eq!(findings.len(), 2, "the other is no verdict of its own");
}

/// Six solutions a set about one center: their centroids are apart by chance, and the page says so.
#[test]
fn centroids_as_far_apart_as_chance_has_them_are_close() {
    let config = config_of("fcp");
    let mut run = as_claimed(&config, 12);
    let result = &mut run.analysis.distances[0];
    // 16² / 5 and 4² / 5 are the variances of the centroids; found is 1.01 of what they come to.
    result.distances = [vec![16.4; 6], vec![5.5; 6]];
    result.centroid_to_origin = 3.65;
    let found = claims(&[run]);
    let finding = &found[5].findings[1];
    assert_eq!(finding.status, Judgment::Supported, "{}", finding.reason);
    assert!(
        finding
            .reason
            .contains("0.664 of the smaller median distance; by chance alone, 6 and 6 vectors"),
        "{}",
        finding.reason
    );
}

/// One vector has no spread, so what chance contributes to the centroids is unknown.
#[test]
fn centroids_of_one_vector_a_set_decide_nothing() {
    let config = config_of("fcp");
    let mut run = as_claimed(&config, 12);
    for (distances, centroid) in
        [([vec![16.0], vec![16.0]], 16.0), ([vec![16.4; 6], vec![0.1]], 0.1)]
    {
        let result = &mut run.analysis.distances[0];
        (result.distances, result.centroid_to_origin) = (distances, centroid);
        let finding = claims(std::slice::from_ref(&run)).remove(5).findings.remove(1);
        assert_eq!(finding.status, Judgment::NotTestable, "{}", finding.reason);
        assert!(finding.reason.contains("too few vectors"), "{}", finding.reason);
    }
}

/// Most numbers of the first list are a little larger, a few are smaller by orders of magnitude.
#[test]
fn ranks_and_ratio_must_agree_on_the_direction() {
    let ends: Vec<(u32, u32)> = (0..40).map(|k| (2 * k, 2 * k + 1)).collect();
    let list = |values: Vec<f64>| PairValues { ends: ends.clone(), values };
    let x = |k: u32| if k.is_multiple_of(4) { 1e-9 } else { 1.2 + 0.001 * f64::from(k) };
    let x = list((0..40).map(x).collect());
    let y = list((0..40).map(|k| 1.0 + 0.001 * f64::from(k)).collect());
    let names = || ["x".to_owned(), "y".to_owned()];
    for (pairs, sign) in [([&x, &y], 1.0), ([&y, &x], -1.0)] {
        let comparison = Comparison::of_pairs("H", names(), pairs).unwrap();
        let ratio = comparison.ratio.unwrap();
        assert!(comparison.p < LEVEL && comparison.delta * sign > 0.0, "{comparison:?}");
        assert!(if sign > 0.0 { ratio.high < 1.0 } else { ratio.low > 1.0 }, "{comparison:?}");
        assert!(!comparison.differs());
        for claimed in [true, false] {
            let (status, reason) = larger(&comparison, claimed);
            assert_eq!(status, Judgment::NotTestable);
            assert!(reason.contains("ranks and ratio disagree"), "{reason}");
        }
        let mut agreeing = comparison;
        agreeing.delta = -agreeing.delta;
        assert!(agreeing.differs());
    }
}

#[test]
fn few_numbers_and_no_numbers_decide_nothing() {
    let config = config_of("fcp");
    let few = claims(&[as_claimed(&config, 4)]);
    for number in [1, 5, 8] {
        assert!(
            verdicts(&few, number).iter().all(|status| *status == Judgment::NotTestable),
            "claim {number}"
        );
    }
    assert!(
        few[0].findings[0].reason.contains(
            "of 4 against 4, all different, the clearest order has p = 0.0286, above 0.01"
        )
    );
    let mut nothing = as_claimed(&config, 12);
    (nothing.sets, nothing.paths, nothing.analysis) = (Vec::new(), Vec::new(), Analysis::default());
    let nothing = claims(&[nothing]);
    let all = || nothing.iter().flat_map(|claim| &claim.findings);
    assert!(
        all().count() >= 8
            && all().all(
                |finding| finding.status == Judgment::NotTestable && !finding.reason.is_empty()
            )
    );
}

#[test]
fn what_is_the_same_is_told_from_what_is_not() {
    let config = config_of("fcp");
    let mut run = as_claimed(&config, 12);
    // Barriers and losses of SGD in place of those of L-BFGS.
    let copied: Vec<PathSet> =
        run.paths.iter().filter(|paths| paths.set.group() == "sgd").cloned().collect();
    let renamed = copied.iter().map(|paths| PathSet {
        set: SetName::parse(&format!("lbfgs/{}", paths.set.member())).unwrap().into(),
        ..paths.clone()
    });
    run.paths = copied.iter().cloned().chain(renamed).collect();
    run.sets[2].loss_train = run.sets[0].loss_train.clone();
    let found = claims(&[run]);
    assert!(verdicts(&found, 3).iter().all(|status| *status == Judgment::NotSupported));
    assert_eq!(verdicts(&found, 4), [Judgment::NotSupported]);
    assert_eq!(verdicts(&found, 1), [Judgment::NotSupported, Judgment::Supported]);
}

/// The paper does not speak of it: nothing is claimed, nothing published stands beside it, and
/// there is no word about its protocol.
#[test]
fn a_network_that_is_not_in_the_paper_has_nothing_of_it() {
    let config = config_of("linear");
    let run = as_claimed(&config, 12);
    assert_eq!(
        (run.subject(), run.height_label()),
        ("Linear".to_owned(), "loss (nat per image, linear)".to_owned())
    );
    assert!(published(&run).is_none());
    assert_eq!(relation(&run), None);
    assert_eq!(claims(std::slice::from_ref(&run)), []);
    // Beside a network of the paper it adds nothing.
    let fcp = config_of("fcp");
    let both = claims(&[run, as_claimed(&fcp, 12)]);
    assert_eq!(both, claims(&[as_claimed(&fcp, 12)]));
}

/// The same network on the built-in digits, on files that are not recognized and on another known
/// data set.
#[test]
fn other_data_have_nothing_of_the_paper() {
    let text = config_of("fcp").text.replace("kind = \"digits\"", "kind = \"idx\"\ndir = \".\"");
    let (files, digits) = (Config::parse("test", &text, &[]).unwrap(), config_of("fcp"));
    let mut run = as_claimed(&files, 12);
    assert!(published(&run).is_some());
    assert!(
        relation(&run)
            .unwrap()
            .starts_with("This is not the protocol of the paper: 9 initializations instead of 75")
    );
    let compared = claims(std::slice::from_ref(&run));
    let compared = compared
        .iter()
        .flat_map(|claim| &claim.findings)
        .filter_map(|finding| finding.comparison.as_ref());
    assert_eq!(compared.filter(|comparison| comparison.published.is_some()).count(), 4);
    for known in [None, Some("Fashion-MNIST".to_owned())] {
        run.known_data = known;
        assert!(published(&run).is_none());
        assert_eq!(claims(std::slice::from_ref(&run)), []);
        let said = "No published values or claims apply to this run: images that are not recognized as MNIST's (MNIST is recognized from 1000 training and 1000 test images on).";
        assert_eq!(relation(&run).as_deref(), Some(said));
    }
    let drawn = Run { known_data: None, ..as_claimed(&digits, 12) };
    assert_eq!(claims(std::slice::from_ref(&drawn)), []);
    let said = "No published values or claims apply to this run: built-in digits instead of MNIST.";
    assert_eq!(relation(&drawn).as_deref(), Some(said));
}

#[test]
fn layers_of_other_sizes_have_claims_but_no_numbers() {
    let text = config_of("fcp")
        .text
        .replace("kind = \"fcp\"", "kind = \"fcp\"\nhidden = [50, 51]\nactivation = \"relu\"");
    let config = Config::parse("test", &text, &[]).unwrap();
    let run = as_claimed(&config, 12);
    assert!(published(&run).is_none());
    let said = relation(&run).unwrap();
    assert!(
        said.contains("layers of other sizes, ReLU, as in the text, instead of the softplus of the published code"),
        "{said}"
    );
    let found = claims(&[run]);
    assert_eq!(verdicts(&found, 4), [Judgment::Supported]);
    let mut compared = found
        .iter()
        .flat_map(|claim| &claim.findings)
        .filter_map(|finding| finding.comparison.as_ref());
    assert!(compared.all(|comparison| comparison.published.is_none()));
}

#[test]
fn other_activations_and_biases_have_claims_but_no_numbers() {
    for (key, said) in [
        ("activation = \"tanh\"", "activation = tanh instead of softplus"),
        ("activation = \"relu\"", "ReLU, as in the text, instead of the softplus"),
        ("biases = true", "biases = true instead of false"),
    ] {
        let kind = "kind = \"fcp\"";
        let text = config_of("fcp").text.replace(kind, &format!("{kind}\n{key}"));
        let config = Config::parse("test", &text, &[]).unwrap();
        let run = as_claimed(&config, 12);
        assert!(published(&run).is_none(), "{key}");
        assert!(relation(&run).unwrap().contains(said), "{key}: {:?}", relation(&run));
        assert_eq!(verdicts(&claims(&[run]), 4), [Judgment::Supported]);
    }
}

#[test]
fn a_run_of_imported_vectors_alone_does_not_count_initializations() {
    let text = "seed = 1\n[dataset]\nkind = \"digits\"\n[network]\nkind = \"fcp\"\n[[import]]\n\
                name = \"torch/best\"\nfile = \"x.npy\"\n[paths]\npairs = 3\n";
    let config = Config::parse("imported.toml", text, &[]).unwrap();
    let run = Run {
        sets: Vec::new(),
        paths: Vec::new(),
        analysis: Analysis::default(),
        ..as_claimed(&config, 4)
    };
    let said = relation(&run).unwrap();
    assert!(said.contains("imported vectors instead of training"), "{said}");
    assert!(!said.contains("initializations") && !said.contains("solutions kept"), "{said}");
}

/// A run of FCP on the data of the paper with this `[training]`.
fn trained(training: &str) -> Config {
    let text = format!(
        "seed = 1\n[dataset]\nkind = \"digits\"\n[network]\nkind = \"fcp\"\n[training]\n\
         initializations = 9\n{training}"
    );
    Config::parse("test", &text, &[]).unwrap()
}

#[test]
fn an_optimizer_that_is_not_the_papers_is_not_judged() {
    let config = trained("sgd = { learning_rate = 0.1, epochs = 3, momentum = 0.9 }\n");
    let run = as_claimed(&config, 9);
    let said = relation(&run).unwrap();
    let end = "Its claims about SGD and L-BFGS are not judged: SGD has momentum = 0.9.";
    assert!(said.ends_with(end), "{said}");
    assert_eq!(optimizers(&run), [PaperOptimizer::Lbfgs], "published values beside L-BFGS only");
    let found = claims(&[run]);
    for claim in &found {
        let about_lbfgs_alone = [2, 4].contains(&claim.number);
        assert_eq!(!claim.findings.is_empty(), about_lbfgs_alone, "{}", claim.text);
    }
    let config = trained("sgd = { learning_rate = 0.1, epochs = 3, batch_size = \"all\" }\n");
    let run = as_claimed(&config, 9);
    assert!(relation(&run).unwrap().ends_with("not judged: SGD has batch_size = all."));
    // A section of another optimizer does not matter.
    let more = "optimizers = [\"sgd\", \"lbfgs\", \"adam\"]\nadam = { epochs = 3 }\n\
                sgd = { learning_rate = 0.1, epochs = 3 }\n";
    let config = trained(more);
    let run = as_claimed(&config, 9);
    assert!(!relation(&run).unwrap().contains("not judged"));
    assert!(claims(&[run]).iter().take(8).all(|claim| !claim.findings.is_empty()));
}

#[test]
fn without_the_papers_optimizers_there_are_no_claims() {
    let config = trained("optimizers = [\"adam\"]\nadam = { epochs = 3 }\n");
    let run = as_claimed(&config, 9);
    let said = relation(&run).unwrap();
    let end = "not judged: there are no solutions of L-BFGS, there are no solutions of SGD.";
    assert!(said.ends_with(end), "{said}");
    assert!(claims(&[run]).is_empty());
}

fn with_protocol(protocol: &str, steps: &str) -> Config {
    let text = config_of("fcp").text + &format!("[paths]\nprotocol = {protocol:?}\n{steps}");
    Config::parse("test", &text, &[]).unwrap()
}

#[test]
fn barriers_of_another_protocol_do_not_judge_the_paper() {
    let config = with_protocol("converged", "steps = 80");
    let judged = claims(&[as_claimed(&config, 9)]);
    for number in [3, 4] {
        for finding in &judged[number - 1].findings {
            assert_eq!(finding.status, Judgment::NotTestable, "{}", finding.reason);
            let said = "these heights are of another one (converged, with steps = 80); there";
            assert!(finding.reason.contains(said), "{}", finding.reason);
            assert!(finding.comparison.is_some(), "the numbers stay");
        }
    }
    assert_eq!(verdicts(&judged, 1)[0], Judgment::Supported, "no heights of paths");
    let said = relation(&as_claimed(&config, 9)).unwrap();
    assert!(said.contains("steps on 1000 images, a cooldown schedule"), "{said}");
    let fewer = with_protocol("published", "steps = 80");
    let judged = claims(&[as_claimed(&fewer, 9)]);
    let reason = &judged[2].findings[0].reason;
    assert_eq!(judged[2].findings[0].status, Judgment::Supported, "{reason}");
    assert!(reason.contains("(protocol: published, with steps = 80)"), "{reason}");
}

#[test]
fn heights_of_different_protocols_are_not_compared_unwarned() {
    let configs = [with_protocol("published", ""), with_protocol("quick", "")];
    let named = configs.iter().zip(["a", "b"]);
    let runs: Vec<Run<'_>> = named
        .map(|(config, label)| Run { label: label.to_owned(), ..as_claimed(config, 5) })
        .collect();
    let notes = |runs: &[Run<'_>]| -> Vec<String> {
        let figures = figures(runs, Vec::new());
        figures.into_iter().find(|figure| figure.key == "barriers").unwrap().notes
    };
    let both = notes(&runs);
    assert_eq!(both.len(), 1);
    assert!(both[0].contains("a: published; b: quick. Do not compare"), "{both:?}");
    assert_eq!(notes(&runs[1..]), ["Protocol: quick."]);
}

/// A run of the two wells with this λ, and a path of this height between these points.
fn example<'a>(config: &'a Config, label: &str, pair: (u32, u32), height: f64) -> Run<'a> {
    let mut found =
        paths(PaperOptimizer::Sgd, Split::Train, LandscapeName::Analytic, 2, height).results;
    found[0].as_mut().unwrap().barrier = height;
    let set = SetName::parse("minima/given").unwrap();
    Run {
        label: label.to_owned(),
        number: 0,
        captured: Captured::default(),
        config,
        effective: config.effective.clone(),
        data: String::new(),
        known_data: None,
        curves: Vec::new(),
        sets: Vec::new(),
        paths: vec![PathSet {
            set: set.into(),
            landscape: LandscapeName::Analytic,
            pairs: vec![pair],
            results: found,
        }],
        analysis: Analysis::default(),
        plane: None,
        missing: Vec::new(),
        refined_barriers: Vec::new(),
        certified: CertifiedPaths::default(),
        unfinished: None,
        sharpness: Vec::new(),
        index: Vec::new(),
        tables: Vec::new(),
        notes: Vec::new(),
    }
}

#[test]
fn the_barrier_of_the_example_is_compared_between_runs_with_the_published_weights() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/fig3.toml");
    let text = std::fs::read_to_string(file).unwrap();
    let configs = ["10", "100", "1000"]
        .map(|lambda| Config::parse("test", &text, &[format!("paths.lambda={lambda}")]).unwrap());
    let runs = |heights: [f64; 3]| -> Vec<Run<'_>> {
        configs
            .iter()
            .zip(["a", "b", "c"])
            .zip(heights)
            .map(|((config, label), height)| example(config, label, (0, 1), height))
            .collect()
    };
    let ninth = |runs: &[Run<'_>]| claims(runs).remove(8).findings.remove(0);
    let finding = ninth(&runs([0.63, 0.64, 0.65]));
    assert_eq!((finding.status, finding.run.as_str()), (Judgment::Supported, "a, b, c"));
    assert!(
        finding.reason.contains("λ = 1000: 0.6500 (published 0.652); a change of 3.175 %"),
        "{}",
        finding.reason
    );
    assert_eq!(ninth(&runs([0.63, 0.64, 0.67])).status, Judgment::NotSupported);
    // One of the three is missing; paths between other points are not comparable.
    let finding = ninth(&runs([0.63, 0.64, 0.65])[1..]);
    assert_eq!(finding.status, Judgment::NotTestable);
    assert!(
        finding.reason.contains("(10, 100, 1000)")
            && finding.reason.contains("here λ = 100: 0.6400"),
        "{}",
        finding.reason
    );
    let mut other = runs([0.63, 0.64, 0.65]);
    other[2] = example(&configs[2], "c", (0, 2), 0.65);
    let finding = ninth(&other);
    assert_eq!(
        (finding.status, finding.reason.as_str()),
        (Judgment::NotTestable, "a path of b or of c was not found")
    );
    let settings = ["paths.lambda=1000", "paths.steps=200"].map(str::to_owned);
    let longer = Config::parse("test", &text, &settings).unwrap();
    other[2] = example(&longer, "c", (0, 1), 0.65);
    let finding = ninth(&other);
    assert_eq!(
        (finding.status, finding.reason.as_str()),
        (Judgment::NotTestable, "the runs b and c differ in more than λ: paths.steps")
    );
    // Claims about networks have nothing to do with it.
    assert!(
        claims(&runs([0.63, 0.64, 0.65])).iter().take(8).all(|claim| claim.findings.is_empty())
    );
}

/// Training runs of n initializations of which the first `stuck` never came below their
/// initialization.
fn training_runs(n: usize, stuck: usize) -> Vec<TrainingRun> {
    let run = |number: usize| {
        let snapshot = Snapshot {
            epoch: u32::from(number >= stuck),
            theta: Vec::new(),
            loss_train: 1.0,
            loss_test: 1.0,
            accuracy_train: 0.5,
            accuracy_test: 0.5,
        };
        TrainingRun {
            train: snapshot.clone(),
            test: snapshot,
            curve_train: vec![1.0; 4],
            curve_test: vec![1.0; 4],
            memory_dropped: 0,
            stop: TrainingStop::Completed,
        }
    };
    (0..n).map(run).collect()
}

/// The first two vectors of L-BFGS are initializations with numbers of their own; without them all
/// is as before.
#[test]
fn vectors_at_their_initialization_are_left_out() {
    fn curves(runs: &[TrainingRun]) -> Vec<(u32, &TrainingRun)> {
        (0..).zip(runs).collect()
    }
    let config = config_of("fcp");
    let [stuck, fine, none] = [2, 0, 14].map(|stuck| training_runs(14, stuck));
    let mut run = as_claimed(&config, 14);
    run.curves =
        vec![(OptimizerName::lbfgs(), curves(&stuck)), (OptimizerName::sgd(), curves(&fine))];
    for set in run.sets.iter_mut().filter(|set| set.name.group() == "lbfgs") {
        set.theta.slice_mut(s![..2, ..]).fill(1e3);
        set.loss_train[..2].fill(1e6);
        set.loss_test[..2].fill(1e6);
    }
    for result in &mut run.analysis.distances {
        result.distances[0][..2].fill(1e3);
        result.centroid_to_origin = 100.0;
    }
    for result in &mut run.analysis.kernel_pca {
        result.projection.slice_mut(s![..2, ..]).fill(-1e3);
    }
    let found = claims(std::slice::from_ref(&run));
    let findings = |number: usize| found[number - 1].findings.iter();
    for finding in [1, 3, 5, 6, 8].into_iter().flat_map(findings) {
        let left_out = finding.reason.contains("left out are 2 of 14 vectors of ")
            || finding.reason.contains("end at a vector that is the initialization of its run");
        assert!(left_out, "{finding:#?}");
    }
    // The same run of the other twelve alone.
    let mut alone = as_claimed(&config, 14);
    alone.curves =
        vec![(OptimizerName::lbfgs(), curves(&fine)), (OptimizerName::sgd(), curves(&fine))];
    let keep: Vec<usize> = (2..14).collect();
    for set in alone.sets.iter_mut().filter(|set| set.name.group() == "lbfgs") {
        set.theta = set.theta.select(Axis(0), &keep);
        set.initialization.drain(..2);
        set.epoch.drain(..2);
        set.loss_train.drain(..2);
        set.loss_test.drain(..2);
    }
    let requests: Vec<DistanceRequest> = alone
        .analysis
        .distances
        .iter()
        .map(|result| DistanceRequest { name: result.name.clone(), sets: result.sets.clone() })
        .collect();
    alone.analysis.distances = Analysis::of(&alone.sets, &[], &requests).unwrap().distances;
    let expected = claims(&[alone]);
    for number in [1, 5, 6] {
        for (finding, expected) in findings(number).zip(&expected[number - 1].findings) {
            assert_eq!(finding.status, expected.status, "{finding:#?}");
            assert_eq!(finding.comparison, expected.comparison, "{finding:#?}");
            assert!(finding.reason.starts_with(&expected.reason), "{finding:#?} {expected:#?}");
        }
    }
    // Nothing is left where no run of L-BFGS came below its initialization.
    run.curves[0].1 = curves(&none);
    let found = claims(std::slice::from_ref(&run));
    for number in [1, 2, 3, 4, 5, 6, 7, 8] {
        assert!(
            verdicts(&found, number).iter().all(|status| *status == Judgment::NotTestable),
            "{number}"
        );
    }
}

/// A third of the paths of L-BFGS are straight lines of great height.
#[test]
fn straight_lines_that_the_search_did_not_lower_are_no_barriers() {
    let config = config_of("fcp");
    let mut run = as_claimed(&config, 12);
    let straighten = |run: &mut Run<'_>, of: usize| {
        for paths in run.paths.iter_mut().filter(|paths| paths.set.group() == "lbfgs") {
            for path in paths.results.iter_mut().skip(of).flatten() {
                (path.loss, path.barrier, path.best_step) = (vec![0.0, 50.0, 0.0], 50.0, 0);
                path.straight_loss = path.loss.clone();
            }
        }
    };
    straighten(&mut run, 44);
    let found = claims(std::slice::from_ref(&run));
    for finding in found[2].findings.iter().chain(&found[3].findings) {
        let comparison = finding.comparison.as_ref().unwrap();
        assert_eq!(comparison.counts[0], 44, "{comparison:?}");
        assert!(comparison.medians.iter().all(|&median| median < 2.0), "{comparison:?}");
        assert!(
            finding.reason.contains("left out are 22 of 66 paths of L-BFGS"),
            "{}",
            finding.reason
        );
    }
    straighten(&mut run, 0);
    let found = claims(std::slice::from_ref(&run));
    for finding in found[2].findings.iter().chain(&found[3].findings) {
        assert_eq!(finding.status, Judgment::NotTestable);
        let reason = &finding.reason;
        assert!(
            reason.starts_with("no path of L-BFGS") && reason.contains("66 of 66 paths"),
            "{reason}"
        );
    }
}

/// Largest eigenvalue and filter-normalized one of n solutions of each set, all factors of each
/// other of at most 1.2: `[of ω^train, of ω^test]`, those of L-BFGS in units of those of SGD.
fn with_sharpness(run: &mut Run<'_>, n: usize, ratios: [[f64; 2]; 2]) {
    let mut sets = Vec::new();
    for (split, ratios) in [Split::Train, Split::Test].into_iter().zip(ratios) {
        for optimizer in PaperOptimizer::ALL {
            let factors = if optimizer == PaperOptimizer::Lbfgs { ratios } else { [1.0, 1.0] };
            let point = |index: usize| {
                let spread = 1.0 + 0.2 * index as f64 / n as f64;
                let [largest, normalized] = factors.map(|factor| factor * spread);
                let filter_normalized = Some(normalized);
                Sharpness { loss: 1.0, slope: 0.0, norm: 1.0, largest, filter_normalized }
            };
            sets.push(SetSharpness {
                set: optimizer.set(split),
                landscape: LandscapeName::Train,
                numbers: (0..n as u32).collect(),
                points: (0..n).map(point).collect(),
            });
        }
    }
    run.sharpness = sets;
}

#[test]
fn flatness_is_judged_by_four_comparisons_that_have_to_agree() {
    let config = config_of("fcp");
    let mut run = as_claimed(&config, 12);
    let tenth = |run: &Run<'_>| claims(std::slice::from_ref(run)).remove(9).findings;
    let findings = tenth(&run);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].status, Judgment::NotTestable);
    assert!(findings[0].reason.contains("[curvature]"), "{}", findings[0].reason);
    for (ratios, n, expected, said) in [
        ([[3.0, 2.0], [1.5, 4.0]], 12, Judgment::Supported, "all four comparisons agree: "),
        ([[0.3, 0.2], [0.5, 0.4]], 12, Judgment::NotSupported, "agree on the opposite"),
        // As measured for FCP: where the training loss is 1e-8, all curvature vanishes.
        ([[3e-4, 0.2], [1.7, 2.0]], 12, Judgment::NotTestable, "do not agree"),
        // One measure alone finds no difference.
        ([[3.0, 2.0], [1.0, 4.0]], 12, Judgment::NotTestable, "do not agree"),
        ([[3.0, 2.0], [1.5, 4.0]], 4, Judgment::NotTestable, "too few numbers"),
    ] {
        with_sharpness(&mut run, n, ratios);
        let findings = tenth(&run);
        assert_eq!(findings.len(), 5, "{findings:#?}");
        assert!(findings.iter().all(|finding| finding.status == expected), "{findings:#?}");
        assert!(findings[0].reason.contains(said), "{}", findings[0].reason);
        let compared = findings.iter().filter(|finding| finding.comparison.is_some());
        assert_eq!(compared.count(), 4);
        if n > 4 {
            assert_eq!(findings[0].reason.matches("99 % [").count(), 4, "{}", findings[0].reason);
        }
    }
    // What has not converged is left out and said.
    with_sharpness(&mut run, 12, [[3.0, 2.0], [1.5, 4.0]]);
    run.sharpness[0].points[3].largest = f64::NAN;
    let findings = tenth(&run);
    assert_eq!(findings[0].status, Judgment::Supported);
    assert!(findings[1].reason.contains("1 did not converge"), "{}", findings[1].reason);
    assert_eq!(findings[1].comparison.as_ref().map(|compared| compared.counts), Some([11, 12]));
}
