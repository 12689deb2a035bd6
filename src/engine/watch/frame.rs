//! The lines that a look at a run consists of.

use crate::engine::console::{count, printable};
use crate::engine::progress::RunningTask;
use crate::engine::status::{RunningStage, StageCount, Status, task_line};

/// Columns of a bar, at least and at most.
const BAR: [usize; 2] = [10, 40];

/// Columns of a row besides its name and its bar, for most rows.
const NUMBERS: usize = 64;

/// Rows and columns that a frame may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameSize {
    /// Lines; `None` if there is no limit.
    pub rows: Option<usize>,
    /// Characters of a line; `None` if there is no limit.
    pub columns: Option<usize>,
}

/// A look at a run, with the last lines of its log and a last line of its own.
pub fn frame(status: &Status, log: &[String], end: &str, size: FrameSize) -> Vec<String> {
    let mut head = vec![format!("{}: {}", status.directory, status.dataset)];
    head.extend(holder(status));
    head.push(String::new());
    head.extend(rows(status, size.columns));
    head.push(String::new());
    let said = [Some(state(status)), in_all(status)].into_iter().flatten();
    head.extend(said.flat_map(|line| wrapped(&line, size.columns)));
    let mut tail = Vec::new();
    if !log.is_empty() {
        tail.extend([String::new(), "last warnings in run.log:".to_owned()]);
        tail.extend(log.iter().map(|line| format!("  {line}")));
    }
    if !end.is_empty() {
        tail.extend([String::new(), end.to_owned()]);
    }
    let tasks = status.running.as_ref().map_or(&[][..], |running| &running.tasks);
    let space = size.rows.map(|rows| rows.saturating_sub(head.len() + tail.len()));
    let lines = head.into_iter().chain(tasks_in(tasks, space, size.columns)).chain(tail);
    let lines = lines.take(size.rows.unwrap_or(usize::MAX)).map(|line| printable(&line));
    match size.columns {
        Some(columns) => {
            lines.map(|line| console::truncate_str(&line, columns, "…").into_owned()).collect()
        }
        None => lines.collect(),
    }
}

/// Who works in the directory, or has done so last.
fn holder(status: &Status) -> Option<String> {
    let start = status.last_start.as_ref()?;
    let ranks = count(start.ranks as usize, "rank");
    let verb = if status.running.is_some() { "held" } else { "last held" };
    let (host, started, number) = (&start.host, &start.started, status.starts);
    Some(format!("{verb} by {ranks} on {host}, started at {started} (start {number})"))
}

/// What is going on, in one line.
fn state(status: &Status) -> String {
    if status.finished {
        return "finished: all that the last command computes is there".to_owned();
    }
    status.headline()
}

/// The time left of all stages.
fn in_all(status: &Status) -> Option<String> {
    status.running.as_ref().filter(|_| !status.finished)?.time_left_in_all()
}

/// A line as lines of at most so many columns; all but the first are indented.
fn wrapped(line: &str, columns: Option<usize>) -> Vec<String> {
    const INDENT: &str = "  ";
    let columns = columns.unwrap_or(usize::MAX);
    let mut lines: Vec<String> = Vec::new();
    for word in line.split(' ') {
        match lines.last_mut() {
            Some(last) if last.chars().count() + 1 + word.chars().count() <= columns => {
                last.push(' ');
                last.push_str(word);
            }
            Some(_) => lines.push(format!("{INDENT}{word}")),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A row for each stage.
fn rows(status: &Status, columns: Option<usize>) -> Vec<String> {
    let names = status.stages.iter().map(|stage| stage.name.chars().count());
    let width = names.max().unwrap_or(0);
    let bar = columns.unwrap_or(100).saturating_sub(width + NUMBERS).clamp(BAR[0], BAR[1]);
    // Two spaces on either side of a bar in brackets.
    let space = columns.map_or(usize::MAX, |columns| columns.saturating_sub(width + bar + 6));
    let row = |stage: &StageCount| {
        let name = stage.name;
        match stage.whole {
            Some(true) => format!("{name:width$}  done"),
            Some(false) => format!("{name:width$}  left"),
            None => {
                format!("{name:width$}  {}  {}", drawn(stage, bar), numbers(stage, status, space))
            }
        }
    };
    status.stages.iter().map(row).collect()
}

/// `[=====>    ]`: the share of the tasks that have ended.
fn drawn(stage: &StageCount, width: usize) -> String {
    let ended = stage.done + stage.failed;
    let filled = width * ended / stage.all().max(1);
    let tip = if filled > 0 && filled < width { ">" } else { "" };
    let line = format!("{}{tip}", "=".repeat(filled - tip.len()));
    format!("[{line:width$}]")
}

/// What is known of a stage, in so many columns: if there are too few, the time left stays longest.
fn numbers(stage: &StageCount, status: &Status, space: usize) -> String {
    let StageCount { done, failed, left, running, .. } = *stage;
    let current = status.running.as_ref().filter(|current| current.name == stage.name);
    let number = |number: usize, what: &str| (number > 0).then(|| format!("{number} {what}"));
    let rate = current.and_then(|current| current.rate_for(left)).map(rate);
    // Each with its rank: those of high rank go first.
    let parts = [
        (0, Some(format!("{done}/{} done", stage.all()))),
        (3, number(running, "running")),
        (2, number(failed, "failed")),
        (4, number(left, "left")),
        (5, rate),
        (1, current.and_then(RunningStage::remaining)),
    ];
    let shown = |most: usize| {
        let parts = parts.iter().filter(|(rank, _)| *rank <= most);
        parts.filter_map(|(_, part)| part.as_deref()).collect::<Vec<_>>().join(", ")
    };
    let fits = |text: &String| text.chars().count() <= space;
    (1..=5).rev().map(shown).find(fits).unwrap_or_else(|| shown(1))
}

/// `3.1 a minute`.
fn rate(per_second: f64) -> String {
    const MINUTE: f64 = 60.0;
    const HOUR: f64 = 3600.0;
    let (number, unit) = match per_second {
        1.0.. => (per_second, "second"),
        _ if per_second * MINUTE >= 1.0 => (per_second * MINUTE, "minute"),
        _ => (per_second * HOUR, "hour"),
    };
    let article = if unit == "hour" { "an" } else { "a" };
    format!("{number:.1} {article} {unit}")
}

/// The tasks that ranks work on, in so much space.
fn tasks_in(tasks: &[RunningTask], space: Option<usize>, columns: Option<usize>) -> Vec<String> {
    let mut tasks: Vec<&RunningTask> = tasks.iter().collect();
    tasks.sort_by_key(|task| task.rank);
    let space = space.unwrap_or(usize::MAX);
    let shown = if tasks.len() > space { space.saturating_sub(1) } else { tasks.len() };
    let fits = |line: &String| columns.is_none_or(|columns| line.chars().count() <= columns);
    // The time is worth more than the loss.
    let line = |task: &&RunningTask| {
        let line = format!("  {}", task_line(task, false));
        let brief =
            || format!("  {}", task_line(&RunningTask { loss: None, ..(*task).clone() }, false));
        if fits(&line) { line } else { brief() }
    };
    let lines = tasks.iter().take(shown).map(line);
    let hidden = tasks.len() - shown;
    let rest = (hidden > 0).then(|| format!("  and {hidden} more"));
    lines.chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::progress::ProgressSnapshot;

    fn stage(done: usize, failed: usize, left: usize) -> StageCount {
        StageCount { name: "paths", done, failed, left, running: 0, whole: None }
    }

    #[test]
    fn a_bar_is_full_when_nothing_is_left_and_never_before() {
        assert_eq!(drawn(&stage(0, 0, 7), 10), "[          ]");
        assert_eq!(drawn(&stage(1, 0, 9), 10), "[>         ]");
        assert_eq!(drawn(&stage(4, 1, 5), 10), "[====>     ]");
        assert_eq!(drawn(&stage(9999, 0, 1), 10), "[========> ]");
        assert_eq!(drawn(&stage(9, 1, 0), 10), "[==========]");
    }

    #[test]
    fn a_rate_has_the_unit_that_makes_it_at_least_one() {
        assert_eq!(rate(12.34), "12.3 a second");
        assert_eq!(rate(0.05), "3.0 a minute");
        assert_eq!(rate(0.001), "3.6 an hour");
    }

    #[test]
    fn tasks_that_do_not_fit_are_counted() {
        let task = |rank| RunningTask {
            name: format!("pair {rank}"),
            rank,
            since: jiff::Timestamp::now(),
            fraction: None,
            loss: None,
            reported: None,
        };
        let tasks: Vec<RunningTask> = (0..5).rev().map(task).collect();
        let all = tasks_in(&tasks, None, None);
        assert_eq!(all.len(), 5);
        assert!(all[0].starts_with("  rank 0: pair 0,"), "{all:?}");
        assert_eq!(tasks_in(&tasks, Some(5), None).len(), 5);
        let some = tasks_in(&tasks, Some(3), None);
        assert_eq!((some.len(), some[2].as_str()), (3, "  and 3 more"));
        assert_eq!(tasks_in(&tasks, Some(0), None), ["  and 5 more"]);
    }

    #[test]
    fn the_time_left_is_shown_where_there_is_little_room() {
        let status = running_for(725.0);
        let stage = StageCount { running: 2, ..stage(125, 1, 174) };
        let shown = |space| numbers(&stage, &status, space);
        let whole = "125/300 done, 2 running, 1 failed, 174 left, 15.0 a minute, 12 minutes left";
        assert_eq!(shown(usize::MAX), whole);
        assert_eq!(shown(whole.len()), whole);
        assert_eq!(
            shown(whole.len() - 1),
            "125/300 done, 2 running, 1 failed, 174 left, 12 minutes left"
        );
        assert_eq!(shown(40), "125/300 done, 1 failed, 12 minutes left");
        assert_eq!(shown(3), "125/300 done, 12 minutes left");
        // The tasks that are left are shorter: the rate would contradict the time left.
        assert_eq!(
            numbers(&stage, &running_for(40.0), usize::MAX),
            "125/300 done, 2 running, 1 failed, 174 left, 40 seconds left"
        );
        let size = FrameSize { rows: None, columns: Some(79) };
        let lines = frame(&status, &[], "", size);
        assert!(lines.iter().all(|line| line.chars().count() <= 79 && !line.contains('…')));
        let text = lines.join("\n");
        assert!(text.contains("all stages: at least 62 minutes left"), "{text}");
        assert!(text.contains("which ends at about"), "{text}");
    }

    /// A run with this time left in its stage.
    fn running_for(seconds: f64) -> Status {
        let now = jiff::Timestamp::now();
        let began = now.checked_sub(jiff::Span::new().seconds(60)).expect("a time");
        let snapshot = ProgressSnapshot {
            updated: now,
            stage: "paths".to_owned(),
            seconds_left: Some(seconds),
            seconds_left_in_all: Some(seconds + 3000.0),
            not_counted: vec!["curvature".to_owned()],
            overdue: None,
            began: Some(began),
            ended: 15,
            running: Vec::new(),
        };
        Status::for_tests(vec![stage(125, 1, 174)], RunningStage::of(snapshot))
    }

    #[test]
    fn long_lines_are_wrapped_between_words() {
        assert_eq!(wrapped("one two three", Some(8)), ["one two", "  three"]);
        assert_eq!(wrapped("one two three", None), ["one two three"]);
    }
}
