//! What Slurm says about a job.

/// A job, as `scontrol --oneliner show job` prints it.
#[derive(Debug)]
pub struct Job {
    /// Its number in the array, if it belongs to one. Tasks that were never begun are one job.
    pub array_task: Option<u32>,
    /// `PENDING`, `RUNNING`, `COMPLETED`, `FAILED`, `CANCELLED`, …
    pub state: String,
    pub exit_code: u32,
    /// How often it was put back into the queue.
    pub restarts: u32,
    /// Why it waits.
    pub reason: String,
}

impl Job {
    pub fn parse(line: &str) -> Self {
        let value = |key: &str| {
            line.split_whitespace().find_map(|field| field.strip_prefix(key)?.strip_prefix('='))
        };
        let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("no number in {line}"));
        let code = value("ExitCode").and_then(|code| code.split(':').next());
        Self {
            array_task: value("ArrayTaskId").and_then(|task| task.parse().ok()),
            state: value("JobState").unwrap_or_default().to_owned(),
            exit_code: number(code.unwrap_or_default()),
            restarts: number(value("Restarts").unwrap_or_default()),
            reason: value("Reason").unwrap_or_default().to_owned(),
        }
    }

    pub fn has_ended(&self) -> bool {
        ["COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY"]
            .contains(&self.state.as_str())
    }

    /// Whether Slurm lets it wait after putting it back into the queue.
    pub fn waits_to_come_again(&self) -> bool {
        self.state == "PENDING" && self.reason == "BeginTime"
    }
}
