//! One rank cannot read what the others can: an error of all, said once, and no hang.

use crate::idx::idx;
use crate::images::{write, write_digits};
use crate::start::{Ended, PROGRAM, TIMEOUT, TINY, text};
use crate::support::mpirun_command;
use std::path::Path;
use tempfile::tempdir;

/// A run on three ranks of which one has another folder for the images.
fn with_one_folder_apart(apart: usize, common: &Path, other: &Path, out: &Path) -> Ended {
    let mut command = mpirun_command(1, "env", TIMEOUT);
    for rank in 0..3 {
        if rank > 0 {
            command.args([":", "-n", "1", "env"]);
        }
        let folder = if rank == apart { other } else { common };
        command.arg(format!("IMAGES={}", text(folder)));
        command.args([PROGRAM, "run", TINY, "--out", text(out)]);
        command.args(["--set", "dataset.kind=idx", "--set", "dataset.dir=$IMAGES"]);
    }
    command.output().expect("mpirun is installed").into()
}

#[test]
fn each_rank_in_turn_finds_no_images_or_other_ones() {
    let root = tempdir().expect("a temporary directory");
    let [good, changed, nowhere, out] =
        ["good", "changed", "nowhere", "out"].map(|name| root.path().join(name));
    write_digits(&good);
    write_digits(&changed);
    write(&changed.join("t10k-labels-idx1-ubyte"), &idx(&[100], &[3; 100]));
    for apart in 0..3 {
        let ended = with_one_folder_apart(apart, &good, &nowhere, &out).with_code(2);
        assert_eq!(ended.said("nowhere: no such folder"), 1, "{}", ended.stderr);
        // Rank 0 reads most files, and alone: it is not named.
        assert_eq!(
            ended.said(&format!("rank {apart}: ")),
            usize::from(apart > 0),
            "{}",
            ended.stderr
        );
        let ended = with_one_folder_apart(apart, &good, &changed, &out).with_code(2);
        assert_eq!(ended.said("the data differ from those of rank 0"), 1, "{}", ended.stderr);
        let named = if apart == 0 { "ranks 1–2: ".to_owned() } else { format!("rank {apart}: ") };
        assert_eq!(ended.said(&named), 1, "{}", ended.stderr);
        assert!(!out.exists());
    }
}
