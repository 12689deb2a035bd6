//! `lossatlas status`: what a directory holds.

use crate::failure::{self, Failure};
use crate::progress;
use indicatif::HumanDuration;
use lossatlas::config::Config;
use lossatlas::optimizer::Method;
use lossatlas::parallel::World;
use lossatlas::solutions::Pairs;
use lossatlas::store::{Contents, journal};
use std::path::Path;
use std::time::Duration;

pub fn run(world: &World, directory: &Path) -> Result<u8, Failure> {
    let shown = if world.is_root() { show(directory) } else { Ok(()) };
    world.agree(shown)?;
    Ok(failure::SUCCESS)
}

fn show(directory: &Path) -> Result<(), String> {
    let (contents, _) = journal::read(directory).map_err(|error| error.to_string())?;
    let Some(record) = contents.configuration() else {
        return Err(format!("{}: holds no configuration yet; nothing has run here", directory.display()));
    };
    let config =
        Config::parse("the stored configuration", &record.text, &record.overrides).map_err(|errors| errors.to_string())?;
    let sessions = contents.sessions();
    if let Some(last) = sessions.last() {
        println!(
            "{}: {}, started {} times, last {} on {} ranks of {}",
            directory.display(),
            record.dataset_name,
            sessions.len(),
            last.started,
            last.ranks,
            last.host
        );
    }
    println!("{:24}{:>8}{:>8}{:>8}", "", "done", "failed", "left");
    for count in counts(&config, &contents) {
        println!(
            "{:24}{:>8}{:>8}{:>8}",
            count.name,
            count.done,
            count.failed,
            count.total.saturating_sub(count.done + count.failed)
        );
    }
    println!("{:24}{:>8}", "kernel PCA", if contents.analysis().is_some() { "done" } else { "left" });
    show_failures(&contents, &config);
    show_running(directory);
    Ok(())
}

struct Count {
    name: String,
    done: usize,
    failed: usize,
    total: usize,
}

fn counts(config: &Config, contents: &Contents) -> Vec<Count> {
    let training = &config.training;
    let runs = training.methods.iter().map(|&method| {
        let ended = (0..training.initializations).filter_map(|number| contents.training(method, number));
        let (done, failed): (Vec<_>, Vec<_>) = ended.partition(|run| run.result.as_ref().is_ok_and(|run| !run.stop.diverged()));
        Count {
            name: format!("training {method}"),
            done: done.len(),
            failed: failed.len(),
            total: training.initializations as usize,
        }
    });
    let all = training.keep * (training.keep - 1) / 2;
    let total = match config.paths.pairs {
        Pairs::All => all,
        Pairs::Count(count) => count.min(all),
    };
    let sets = config.paths.sets.iter().flat_map(|set| config.paths.landscapes.iter().map(move |&landscape| (set, landscape)));
    let paths = sets.map(|(set, landscape)| {
        let (done, failed): (Vec<_>, Vec<_>) = contents.paths(set, landscape).partition(|(_, path)| path.result.is_ok());
        Count { name: format!("paths {set} on {landscape}"), done: done.len(), failed: failed.len(), total }
    });
    runs.chain(paths).collect()
}

fn show_failures(contents: &Contents, config: &Config) {
    for method in Method::ALL {
        for (number, run) in contents.trainings(method) {
            match &run.result {
                Ok(run) if run.stop.diverged() => println!("failed: {method} initialization {number}: {}", run.stop),
                Err(reason) => println!("failed: {method} initialization {number}: {reason}"),
                Ok(_) => {}
            }
        }
    }
    for set in &config.paths.sets {
        for &landscape in &config.paths.landscapes {
            for ((a, b), path) in contents.paths(set, landscape) {
                if let Err(reason) = &path.result {
                    println!("failed: path {set} {a}–{b} on {landscape}: {reason}");
                }
            }
        }
    }
}

fn show_running(directory: &Path) {
    let Some(snapshot) = progress::current(directory) else {
        println!("nothing is running");
        return;
    };
    let human = |seconds: f64| HumanDuration(Duration::from_secs_f64(seconds.clamp(0.0, 1e9)));
    let left = snapshot.seconds_left.map_or_else(String::new, |seconds| format!(", {} left in this stage", human(seconds)));
    println!("running: {}{left}", snapshot.stage);
    for task in snapshot.running {
        let since = jiff::Timestamp::now().duration_since(task.since).as_secs_f64();
        let loss = task.loss.map_or_else(String::new, |loss| format!(", loss {loss:.4e}"));
        println!("  rank {}: {}, {:.0} % after {}{loss}", task.rank, task.name, 100.0 * task.fraction, human(since));
    }
}
