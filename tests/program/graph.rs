//! Graphs of solutions and paths, and pairs that are chosen in rounds.

use crate::atlas::{assert_same, contents};
use crate::interrupt::{SLOWER, in_background, signal, wait_for};
use crate::python::python;
use crate::start::{Ended, lossatlas, on_tiny, text};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::tempdir;

/// Runs a few lines of Python on a graph `g` of `atlas.h5` in a directory.
fn python_on(directory: &Path, graph: &str, lines: &str) -> String {
    let script = format!(
        "import sys, h5py, numpy as np\ng = h5py.File(sys.argv[1])['graph/{graph}']\n{lines}"
    );
    let output = Command::new(python())
        .args(["-c", &script, text(&directory.join("atlas.h5"))])
        .output()
        .expect("a Python to run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A configuration with a graph of all solutions, run in a directory.
fn run(ranks: usize, directory: &Path, configuration: &str) -> Ended {
    let file = directory.with_extension("toml");
    let graph = "[[graph]]\nname = \"all\"\n";
    fs::write(&file, format!("{configuration}{graph}")).expect("a temporary file");
    lossatlas(ranks, &["run", text(&file), "--out", text(directory)]).with_code(0)
}

const MUELLER_BROWN: &str = "seed = 3
[landscape]
kind = \"mueller-brown\"
starts = 40
[paths]
pairs = \"all\"
steps = 20
[paths.refine]
";

#[test]
fn mueller_brown_from_random_starts_merges_at_its_passes() {
    let root = tempdir().expect("a temporary directory");
    let directory = root.path().join("run");
    let ended = run(1, &directory, MUELLER_BROWN);
    // All minima, and heights to 1e-6 of the climb from the lower end.
    let check = "
height = np.sort(g['node_height'][:])
np.testing.assert_allclose(height, [-146.699517210, -108.166724117, -80.767818130], atol=1e-8)
merges = g['linkage'][:, 2]
np.testing.assert_allclose(merges, [-72.248940112, -40.664843509], atol=3.5e-5)
assert (g['node_component'][:] == 0).all()
kinds = g['edge_kind'].asstr()[:]
assert (kinds[g['tree'][:]] == 'pass').all() and (kinds == 'path').sum() == 3
death = dict(zip(np.round(g['node_height'][:]), g['node_death'][:]))
assert death[-147] == np.inf and death[-108] == merges[1] and death[-81] == merges[0]
";
    let check = check.replace(
        "height = np.sort(g['node_height'][:])\n",
        "height = np.sort(g['node_height'][:])\nassert len(height) == 3\n",
    );
    python_on(&directory, "all/on_formula", &check);
    assert!(ended.stdout.contains("Graphs: solutions are nodes"), "{}", ended.stdout);
}

const SEVEN_ATOMS: &str = "seed = 5
[landscape]
kind = \"lennard-jones\"
atoms = 7
starts = 100
[paths]
pairs = \"all\"
steps = 20
[paths.refine]
";

#[test]
fn seven_atoms_from_random_starts_merge_at_the_published_transition_states() {
    let root = tempdir().expect("a temporary directory");
    let directory = root.path().join("run");
    run(2, &directory, SEVEN_ATOMS);
    let check = "
height = np.sort(g['node_height'][:])
assert len(height) == 4, height
np.testing.assert_allclose(height, [-16.505384, -15.935043, -15.593211, -15.533060], atol=1e-6)
merges = g['linkage'][:, 2]
np.testing.assert_allclose(merges, [-15.444733800, -15.319864441, -15.283421275], atol=1e-6)
";
    python_on(&directory, "all/on_formula", check);
}

/// 32 wells, any two of which are joined at 1 exactly.
const WELLS: &str = "seed = 1
[landscape]
kind = \"double-well\"
dimension = 5
starts = 300
keep = 32
[paths]
pairs = \"spanning\"
steps = 60
learning_rate = 0.02
points = 21
fourier_terms = 4
lambda = 0.1
";

#[test]
fn two_paths_a_solution_join_all_wells_on_any_number_of_ranks() {
    let root = tempdir().expect("a temporary directory");
    let [one, three] = ["one", "three"].map(|name| root.path().join(name));
    let ended = run(1, &one, WELLS);
    run(3, &three, WELLS);
    assert_same(&one, &three);
    let check = "
n, edges = len(g['node']), len(g['edge'])
assert n == 32 and n - 1 <= edges <= 2 * n, (n, edges)
minimax = g['minimax'][:]
assert len(minimax) == n * (n - 1) // 2
assert minimax.min() >= 1 - 1e-9 and minimax.max() < 1 + 1e-4, (minimax.min(), minimax.max())
";
    python_on(&one, "all/on_formula", check);
    assert_eq!(ended.said("paths: round 1 of pairs on formula: 31 pairs; at most 33 more"), 1);
    assert!(ended.stdout.replace('\n', " ").contains("no random sample"), "{}", ended.stdout);
    let status = lossatlas(1, &["status", text(&one)]).with_code(0);
    assert!(!status.stdout.contains("to choose"), "{}", status.stdout);
    let check = lossatlas(1, &["check", text(&one.with_extension("toml"))]).with_code(0);
    assert!(check.stdout.contains("at most 64 paths"), "{}", check.stdout);
}

const SPANNING: [&str; 5] = [
    "paths.pairs=\"spanning\"",
    "paths.sets=[\"sgd/train\", \"lbfgs/train\"]",
    "paths.between=[[\"sgd/train\", \"lbfgs/train\"]]",
    SLOWER[0],
    SLOWER[1],
];

#[test]
fn rounds_that_were_interrupted_come_to_the_same_bits() {
    let root = tempdir().expect("a temporary directory");
    let [whole, killed] = ["whole", "killed"].map(|name| root.path().join(name));
    let graph = "graph=[{name=\"all\", sets=[\"sgd/train\", \"lbfgs/train\"]}]";
    let overrides = [&SPANNING[..], &[graph]].concat();
    on_tiny(2, "run", &whole, &overrides).with_code(0);
    // Training runs, then blocks of estimates and paths: the second round at the earliest.
    for results in [14, 22] {
        let run = in_background(1, "run", &killed, &SPANNING);
        let ranks = wait_for(results, 1, &killed, &run);
        signal("KILL", &ranks);
        run.join().expect("the program could be started");
    }
    let status = lossatlas(1, &["status", text(&killed)]).with_code(0);
    assert!(status.stdout.contains("estimates on train"), "{}", status.stdout);
    on_tiny(2, "run", &killed, &overrides).with_code(0);
    assert_same(&whole, &killed);
    let check = "
sets = g['node_set'].asstr()[:]
assert sorted(set(sets)) == ['lbfgs/train', 'sgd/train'] and len(sets) == 6
assert len(g['edge']) <= 12 and (g['node_component'][:] == 0).all()
assert g['edge_above_minimax'][:].min() >= 0
";
    for on in ["train", "test"] {
        python_on(&whole, &format!("all/on_{on}"), check);
    }
    // More images: the former estimates and paths do not count.
    let fewer = [&overrides[..], &["paths.train=50"]].concat();
    let before = contents(&whole)["/graph/all/on_train/minimax"].clone();
    lossatlas(1, &["resume", text(&whole), "--replace", "--set", "paths.train=50"]).with_code(0);
    let anew = root.path().join("anew");
    on_tiny(1, "run", &anew, &fewer).with_code(0);
    assert_same(&whole, &anew);
    assert_ne!(before.to_string(), contents(&whole)["/graph/all/on_train/minimax"].to_string());
}

#[test]
fn exports_are_read_by_others() {
    let root = tempdir().expect("a temporary directory");
    let directory = root.path().join("run");
    run(1, &directory, &MUELLER_BROWN.replace("[paths.refine]\n", ""));
    let export = |format: &str, to: &Path| {
        let (directory, to) = (text(&directory), text(to));
        lossatlas(1, &["export", directory, "--graph", "all", "--format", format, "--to", to])
            .with_code(0);
    };
    let [graphml, newick, minima] =
        ["a.graphml", "a.nwk", "wales"].map(|name| root.path().join(name));
    export("graphml", &graphml);
    export("newick", &newick);
    export("min-ts", &minima);
    let check = format!(
        "
import re, xml.etree.ElementTree as xml
space = {{'g': 'http://graphml.graphdrawing.org/xmlns'}}
tree = xml.parse('{graphml}')
names = {{key.get('id'): key.get('attr.name') for key in tree.findall('g:key', space)}}
data = lambda item: {{names[d.get('key')]: d.text for d in item.findall('g:data', space)}}
nodes = {{n.get('id'): data(n) for n in tree.iter('{{%s}}node' % space['g'])}}
edges = [(e.get('source'), e.get('target'), data(e)) for e in tree.iter('{{%s}}edge' % space['g'])]
assert [float(n['height']) for n in nodes.values()] == list(g['node_height'][:])
assert [float(e['height']) for _, _, e in edges] == list(g['edge_height'][:])
ids = list(nodes)
assert [[ids.index(a), ids.index(b)] for a, b, _ in edges] == g['edge_nodes'][:].tolist()
assert sum(e['in_tree'] == 'true' for _, _, e in edges) == len(g['tree'])

# A tree of three leaves: each branch ends at the height of its leaf or merge.
text = open('{newick}').read()
leaves = re.findall(r\"'([^']*)':([0-9.]+)\", text)
assert text.endswith(');\\n') and text.count('(') == 2 and len(leaves) == 3, text
height = {{f'{{s}} {{i}}': h for s, i, h in zip(g['node_set'].asstr()[:], g['node_initialization'][:], g['node_height'][:])}}
merges = g['linkage'][:, 2]
for name, length in leaves:
    assert min(abs(height[name] + float(length) - merges)) < 1e-9, (name, length, merges)

minima = [line.split() for line in open('{minima}/min.data')]
states = [line.split() for line in open('{minima}/ts.data')]
assert [float(line[0]) for line in minima] == list(g['node_height'][:])
assert all(len(line) == 6 and line[2] == '1' for line in minima)
assert all(len(line) == 8 and line[2] == '1' for line in states) and len(states) == len(merges)
assert [float(line[0]) for line in states] == list(merges)
ends = g['edge_nodes'][:][g['tree'][:]] + 1
assert [[int(n) for n in line[3:5]] for line in states] == ends.tolist()
",
        graphml = graphml.display(),
        newick = newick.display(),
        minima = minima.display()
    );
    python_on(&directory, "all/on_formula", &check);

    let refused = |arguments: &[&str], message: &str| {
        let arguments = [&["export", text(&directory)], arguments].concat();
        let ended = lossatlas(1, &arguments).with_code(2);
        assert!(ended.stderr.contains(message), "{}", ended.stderr);
    };
    let to = ["--format", "newick", "--to", text(&newick)];
    refused(&[&["--graph", "all"], &to[..]].concat(), "exists");
    let new = root.path().join("b.nwk");
    let to = ["--format", "newick", "--to", text(&new)];
    refused(&[&["--graph", "none"], &to[..]].concat(), "there are all on formula");
}
