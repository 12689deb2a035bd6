//! `lossatlas status`: what a directory holds and what is going on there.

use crate::cli;
use clap::ValueEnum;
use jiff::{Span, Timestamp};
use lossatlas::config::Config;
use lossatlas::engine::console::{self, print};
use lossatlas::engine::failure::{self, Failure};
use lossatlas::engine::overview::Overview;
use lossatlas::engine::parallel::World;
use lossatlas::engine::progress::{self, Running, Snapshot};
use lossatlas::engine::results::Results;
use lossatlas::engine::stage::{Count, FailedTask};
use lossatlas::engine::store::{ConfigurationRecord, Contents, Retention, SessionRecord, journal};
use serde::{Serialize, Serializer};
use std::path::Path;
use std::time::Duration;

/// Longer than this without a report is worth a word. A rank reports every second, with thousands of
/// them every half minute, unless one step takes longer.
const SILENT: Duration = Duration::from_mins(1);

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
    let is_file =
        |key: &&String| key.starts_with("import.") && key.rsplit('.').next() == Some("file");
    let imports = record.effective.keys().filter(is_file).count();
    overrides.extend((0..imports).map(|index| format!("import.{index}.file=\"not-read.npy\"")));
    Config::parse("the stored configuration", &record.text, &overrides)
        .map_err(|errors| errors.to_string())
}

/// All there is to tell, as `--format json` prints it.
#[derive(Serialize)]
struct Status {
    directory: String,
    dataset: String,
    starts: usize,
    last_start: Option<Start>,
    tasks: Vec<Counted>,
    #[serde(flatten)]
    wholes: Wholes,
    failed: Vec<Failed>,
    /// Results that are not what they are called.
    notes: Vec<String>,
    running: Option<Stage>,
    /// When a run that has ended without a word, or is stopped, last said what it does.
    last_news: Option<Timestamp>,
    /// Of the first column of the table.
    #[serde(skip)]
    width: usize,
}

/// The stages without tasks for the ranks, each `done` or `left`. In JSON a key of its own for each:
/// `"kernel_pca": "left"`.
struct Wholes(Vec<(&'static str, &'static str)>);

impl Serialize for Wholes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            self.0.iter().map(|(name, state)| (name.replace(' ', "_").to_lowercase(), state)),
        )
    }
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
    /// Seconds by which it should have ended.
    overdue: Option<f64>,
    tasks: Vec<Running>,
}

impl Status {
    fn of(directory: &Path) -> Result<Self, String> {
        let (contents, _) = journal::read(directory, Contents::holding(Retention::best(0, 0)))
            .map_err(|error| error.to_string())?;
        let Some(record) = contents.configuration() else {
            return Err(format!(
                "{}: holds no configuration yet; nothing has run here",
                directory.display()
            ));
        };
        let config = stored_configuration(record)
            .map_err(|problem| format!("{}: {problem}", directory.display()))?;
        let results = Results { config: &config, contents: &contents };
        let overview = Overview::of(&results);
        let notes = results.notes(&results.paths(&results.sets()));
        Ok(Self {
            directory: directory.display().to_string(),
            dataset: record.dataset_name.clone(),
            starts: contents.sessions().len(),
            last_start: contents.sessions().last().map(Start::of),
            tasks: overview.kinds().map(Counted::of).collect(),
            wholes: Wholes(
                overview
                    .wholes()
                    .map(|(name, done)| (name, if done { "done" } else { "left" }))
                    .collect(),
            ),
            width: overview.width(),
            failed: overview.failures().map(Failed::of).collect(),
            notes: notes.into_iter().map(|note| note.text).collect(),
            running: progress::current(directory).map(Stage::of),
            last_news: progress::stale(directory).map(|snapshot| snapshot.updated),
        })
    }

    fn print(&self) {
        if let Some(Start { started, ranks, host, .. }) = &self.last_start {
            let (starts, ranks) =
                (console::count(self.starts, "start"), console::count(*ranks as usize, "rank"));
            print(format_args!(
                "{}: {}; {starts}, the last at {started} with {ranks} on {host}",
                self.directory, self.dataset
            ));
        }
        let width = self.width;
        print(format_args!("{:width$}{:>8}{:>8}{:>8}", "", "done", "failed", "left"));
        for Counted { name, done, failed, left } in &self.tasks {
            print(format_args!("{name:width$}{done:>8}{failed:>8}{left:>8}"));
        }
        for (name, state) in &self.wholes.0 {
            print(format_args!("{name:width$}{state:>8}"));
        }
        for Failed { task, reason } in &self.failed {
            print(format_args!("failed: {task}: {reason}"));
        }
        for note in &self.notes {
            print(format_args!("note: {note}"));
        }
        match &self.running {
            Some(stage) => stage.print(),
            None => self.print_silence(),
        }
    }

    fn print_silence(&self) {
        let Some(news) = self.last_news else { return print("nothing is running") };
        let ago = progress::duration(Timestamp::now().duration_since(news).as_secs_f64());
        print(format_args!(
            "no news since {news:.0}, {ago} ago: the run was killed, or its rank 0 is stopped; \
             if it is gone, the same command continues"
        ));
    }
}

impl Counted {
    fn of(count: &Count) -> Self {
        let Count { name, done, failed, left, .. } = count.clone();
        Self { name, done, failed, left }
    }
}

impl Failed {
    fn of(failed: &FailedTask) -> Self {
        let FailedTask { task, reason, .. } = failed.clone();
        Self { task, reason }
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
        let Snapshot { updated, stage, seconds_left, overdue, running } = snapshot;
        // What should be over has no time left to tell.
        let seconds_left = seconds_left.filter(|_| overdue.is_none());
        let ends = seconds_left.and_then(|seconds| {
            updated.checked_add(Span::new().try_seconds(seconds.round() as i64).ok()?).ok()
        });
        let ends = ends.and_then(|end| Timestamp::from_second(end.as_second()).ok());
        Self { name: stage, updated, seconds_left, ends, overdue, tasks: running }
    }

    fn print(&self) {
        let left =
            progress::time_left(self.seconds_left, self.overdue).map_or_else(String::new, |left| {
                let ends = self.ends.filter(|_| left.ends_with(" left"));
                let ends = ends.map_or_else(String::new, |ends| {
                    format!(" in this stage, which ends at about {ends}")
                });
                format!(", {left}{ends}")
            });
        print(format_args!("running: {}{left}", self.name));
        for Running { name, rank, since, fraction, loss, reported } in &self.tasks {
            let percent =
                fraction.map_or_else(String::new, |fraction| format!(" {:.0} %", 100.0 * fraction));
            let loss = loss.map_or_else(String::new, |loss| format!(", loss {loss:.4e}"));
            let seconds_since =
                |time: Timestamp| Timestamp::now().duration_since(time).as_secs_f64();
            let running = progress::duration(seconds_since(*since));
            // Of work without parts nobody expects a report.
            let silence = fraction.map_or(0.0, |_| seconds_since(reported.unwrap_or(*since)));
            let silent = if silence > SILENT.as_secs_f64() {
                format!(", no report for {}", progress::duration(silence))
            } else {
                String::new()
            };
            print(format_args!(
                "  rank {rank}: {name},{percent} after {running}, since {since:.0}{loss}{silent}"
            ));
        }
    }
}
