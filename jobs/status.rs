//! `lossatlas status`: what a directory holds and what is going on there.

use crate::cli;
use crate::console::{self, print};
use crate::failure::{self, Failure};
use crate::overview::Overview;
use crate::progress::{self, Running, Snapshot};
use crate::results::Results;
use clap::ValueEnum;
use indicatif::HumanDuration;
use jiff::{Span, Timestamp};
use lossatlas::config::Config;
use lossatlas::parallel::World;
use lossatlas::store::{ConfigurationRecord, Contents, Retention, SessionRecord, journal};
use serde::Serialize;
use std::path::Path;
use std::time::Duration;

/// How it is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON object
    Json,
}

pub fn run(world: &World, command: &cli::Status) -> Result<u8, Failure> {
    let shown = if world.is_root() { show(&command.directory, command.format) } else { Ok(()) };
    world.agree(shown)?;
    Ok(failure::SUCCESS)
}

fn show(directory: &Path, format: Format) -> Result<(), String> {
    let status = Status::of(directory)?;
    match format {
        Format::Text => status.print(),
        Format::Json => print(serde_json::to_string_pretty(&status).expect("texts and numbers")),
    }
    Ok(())
}

/// The configuration in force. Where its images lie is of no concern here: their directory may be
/// named by a variable that only the jobs on the cluster have.
pub fn stored_configuration(record: &ConfigurationRecord) -> Result<Config, String> {
    let mut overrides = record.overrides.clone();
    if record.effective.contains_key("dataset.dir") {
        overrides.push("dataset.dir=.".to_owned());
    }
    let is_file = |key: &&String| key.starts_with("import.") && key.rsplit('.').next() == Some("file");
    let imports = record.effective.keys().filter(is_file).count();
    overrides.extend((0..imports).map(|index| format!("import.{index}.file=\"not-read.npy\"")));
    Config::parse("the stored configuration", &record.text, &overrides).map_err(|errors| errors.to_string())
}

/// All there is to tell, as `--format json` prints it.
#[derive(Serialize)]
struct Status {
    directory: String,
    dataset: String,
    starts: usize,
    last_start: Option<Start>,
    tasks: Vec<Counted>,
    kernel_pca: &'static str,
    failed: Vec<Failed>,
    /// Results that are not what they are called.
    notes: Vec<String>,
    running: Option<Stage>,
}

#[derive(Serialize)]
struct Start {
    started: String,
    ranks: u32,
    host: String,
    version: String,
}

#[derive(Serialize)]
struct Counted {
    name: String,
    done: usize,
    failed: usize,
    left: usize,
}

#[derive(Serialize)]
struct Failed {
    task: String,
    reason: String,
}

/// The stage of a run that is going on.
#[derive(Serialize)]
struct Stage {
    #[serde(rename = "stage")]
    name: String,
    updated: Timestamp,
    seconds_left: Option<f64>,
    /// When the stage will end, to the second.
    ends: Option<Timestamp>,
    tasks: Vec<Running>,
}

impl Status {
    fn of(directory: &Path) -> Result<Self, String> {
        let (contents, _) =
            journal::read(directory, Contents::holding(Retention::best(0, 0))).map_err(|error| error.to_string())?;
        let Some(record) = contents.configuration() else {
            return Err(format!("{}: holds no configuration yet; nothing has run here", directory.display()));
        };
        let config = stored_configuration(record).map_err(|problem| format!("{}: {problem}", directory.display()))?;
        let results = Results { config: &config, contents: &contents };
        let Overview { counts, failures, analyzed } = Overview::of(&results);
        let notes = results.notes(&results.paths(&results.sets()));
        Ok(Self {
            directory: directory.display().to_string(),
            dataset: record.dataset_name.clone(),
            starts: contents.sessions().len(),
            last_start: contents.sessions().last().map(Start::of),
            tasks: counts
                .into_iter()
                .map(|count| Counted { name: count.kind.name(), done: count.done, failed: count.failed, left: count.left })
                .collect(),
            kernel_pca: if analyzed { "done" } else { "left" },
            failed: failures.into_iter().map(|failed| Failed { task: failed.task, reason: failed.reason }).collect(),
            notes: notes.into_iter().map(|note| note.text).collect(),
            running: progress::current(directory).map(Stage::of),
        })
    }

    fn print(&self) {
        if let Some(Start { started, ranks, host, .. }) = &self.last_start {
            let (starts, ranks) = (console::count(self.starts, "start"), console::count(*ranks as usize, "rank"));
            print(format_args!("{}: {}; {starts}, the last at {started} with {ranks} on {host}", self.directory, self.dataset));
        }
        let width = self.tasks.iter().map(|count| count.name.len()).max().unwrap_or(0).max("kernel PCA".len());
        print(format_args!("{:width$}{:>8}{:>8}{:>8}", "", "done", "failed", "left"));
        for Counted { name, done, failed, left } in &self.tasks {
            print(format_args!("{name:width$}{done:>8}{failed:>8}{left:>8}"));
        }
        print(format_args!("{:width$}{:>8}", "kernel PCA", self.kernel_pca));
        for Failed { task, reason } in &self.failed {
            print(format_args!("failed: {task}: {reason}"));
        }
        for note in &self.notes {
            print(format_args!("note: {note}"));
        }
        match &self.running {
            Some(stage) => stage.print(),
            None => print("nothing is running"),
        }
    }
}

impl Start {
    fn of(session: &SessionRecord) -> Self {
        let SessionRecord { host, ranks, started, version, .. } = session.clone();
        Self { started, ranks, host, version }
    }
}

impl Stage {
    fn of(snapshot: Snapshot) -> Self {
        let Snapshot { updated, stage, seconds_left, running } = snapshot;
        let ends =
            seconds_left.and_then(|seconds| updated.checked_add(Span::new().try_seconds(seconds.round() as i64).ok()?).ok());
        let ends = ends.and_then(|end| Timestamp::from_second(end.as_second()).ok());
        Self { name: stage, updated, seconds_left, ends, tasks: running }
    }

    fn print(&self) {
        let human = |seconds: f64| {
            let seconds = if seconds.is_nan() { 0.0 } else { seconds.clamp(0.0, 1e9) };
            HumanDuration(Duration::from_secs_f64(seconds))
        };
        let left = self.seconds_left.zip(self.ends).map_or_else(String::new, |(seconds, ends)| {
            format!(", {} left in this stage, which ends at about {ends}", human(seconds))
        });
        print(format_args!("running: {}{left}", self.name));
        for Running { name, rank, since, fraction, loss } in &self.tasks {
            let percent = fraction.map_or_else(String::new, |fraction| format!(" {:.0} %", 100.0 * fraction));
            let loss = loss.map_or_else(String::new, |loss| format!(", loss {loss:.4e}"));
            let running = human(Timestamp::now().duration_since(*since).as_secs_f64());
            print(format_args!("  rank {rank}: {name},{percent} after {running}, since {since:.0}{loss}"));
        }
    }
}
