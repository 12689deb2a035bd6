//! A Slurm cluster on this machine for one test: two nodes, all its files in a temporary directory,
//! all its ports on the loopback interface. Without root it runs as, and for, the user of the test.

use crate::job::Job;
use std::env;
use std::ffi::OsString;
use std::fmt::Display;
use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Between two looks at something that changes.
const POLL: Duration = Duration::from_millis(100);
/// Slurm looks at the time limits of all jobs so often, counted from the start of its controller.
const LIMITS_EVERY: Duration = Duration::from_secs(30);
/// Until a daemon serves.
const UP_WITHIN: Duration = Duration::from_mins(2);
const NODES: [&str; 2] = ["node1", "node2"];

/// A running cluster; dropped, it cancels its jobs and stops.
pub struct Cluster {
    root: TempDir,
    daemons: Vec<Child>,
    started: Instant,
}

impl Cluster {
    /// Starts a cluster, or says on standard error what is not installed. One that is installed has
    /// to start.
    ///
    /// # Panics
    /// With the words of the daemons, if it does not.
    pub fn start() -> Option<Self> {
        let needed = ["munged", "slurmctld", "slurmd", "sbatch", "srun", "setpriv"];
        let missing: Vec<_> = needed.into_iter().filter(|program| !is_installed(program)).collect();
        if !missing.is_empty() {
            skipped(format_args!("not installed (Debian: slurm-wlm): {}", missing.join(", ")));
            return None;
        }
        let root = TempDir::new().expect("a temporary directory");
        let mut cluster = Self { root, daemons: Vec::new(), started: Instant::now() };
        if let Err(error) = cluster.start_daemons() {
            panic!("Slurm is installed, but does not start: {error}\n{}", cluster.logs());
        }
        Some(cluster)
    }

    /// A directory for the files of the test.
    pub fn directory(&self) -> &Path {
        self.root.path()
    }

    /// A command that talks to this cluster and no other.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        // The test may itself run in a job of some cluster.
        let of_slurm =
            |name: &str| ["SLURM", "SBATCH", "SRUN"].iter().any(|prefix| name.starts_with(prefix));
        for (name, _) in env::vars_os().filter(|(name, _)| of_slurm(&name.to_string_lossy())) {
            command.env_remove(name);
        }
        command.env("PATH", search_path()).env("SLURM_CONF", self.root.path().join("slurm.conf"));
        command
    }

    /// What a command prints, if it succeeds.
    #[track_caller]
    pub fn output(&self, command: &mut Command) -> String {
        let output = command.output().expect("a program to start");
        assert!(
            output.status.success(),
            "{command:?}: {}\n{}",
            String::from_utf8_lossy(&output.stderr),
            self.logs()
        );
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// All jobs of this number: those of an array share it.
    pub fn jobs(&self, number: u32) -> Vec<Job> {
        let printed = self.output(self.command("scontrol").args([
            "--oneliner",
            "show",
            "job",
            &number.to_string(),
        ]));
        let mut jobs: Vec<_> = printed.lines().map(Job::parse).collect();
        jobs.sort_by_key(|job| job.array_task);
        jobs
    }

    /// Waits until all jobs of this number are as they should be.
    #[track_caller]
    pub fn wait(
        &self,
        number: u32,
        what: &str,
        timeout: Duration,
        is_right: impl Fn(&Job) -> bool,
    ) -> Vec<Job> {
        let start = Instant::now();
        loop {
            let jobs = self.jobs(number);
            if !jobs.is_empty() && jobs.iter().all(&is_right) {
                return jobs;
            }
            assert!(
                start.elapsed() < timeout,
                "job {number}: {what}: not within {timeout:?}: {jobs:?}\n{}",
                self.logs()
            );
            sleep(POLL);
        }
    }

    /// Waits until Slurm is about to look at the time limits.
    pub fn wait_for_look_at_limits(&self, before: Duration) {
        let since_last = (self.started.elapsed() + before).as_secs() % LIMITS_EVERY.as_secs();
        sleep(Duration::from_secs(LIMITS_EVERY.as_secs() - since_last));
    }

    fn start_daemons(&mut self) -> io::Result<()> {
        let root = self.root.path().to_owned();
        for name in ["munge", "state", "spool", "pmix"] {
            fs::DirBuilder::new().mode(0o700).create(root.join(name))?;
        }
        fs::write(
            root.join("slurm.conf"),
            configuration(&root, &user_name()?, &host_name()?, free_ports()?),
        )?;
        // Otherwise in /tmp, where other clusters have directories of the same names.
        fs::write(
            root.join("mpi.conf"),
            format!("PMIxCliTmpDirBase={}\n", root.join("pmix").display()),
        )?;
        self.start_munge()?;
        self.start_daemon("slurmctld", &["-D", "-c"])?;
        self.started = Instant::now();
        for node in NODES {
            self.start_daemon("slurmd", &["-D", "-c", "-N", node])?;
        }
        wait_until("the nodes", || {
            let states =
                self.command("sinfo").args(["--noheader", "--Node", "--format=%t"]).output()?;
            Ok(String::from_utf8_lossy(&states.stdout)
                .lines()
                .filter(|&state| state == "idle")
                .count()
                == NODES.len())
        })
    }

    fn start_munge(&mut self) -> io::Result<()> {
        let directory = self.root.path().join("munge");
        let mut key = [0; 64];
        fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
        fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o400)
            .open(directory.join("key"))?
            .write_all(&key)?;
        let files = [
            ("key-file", "key"),
            ("socket", "socket"),
            ("pid-file", "pid"),
            ("log-file", "log"),
            ("seed-file", "seed"),
        ];
        let options: Vec<_> = files
            .iter()
            .map(|(option, file)| format!("--{option}={}", directory.join(file).display()))
            .collect();
        // Forced: it would refuse to work below a directory that others may write, as /tmp is.
        let mut arguments = vec!["--foreground", "--force", "--num-threads=2"];
        arguments.extend(options.iter().map(String::as_str));
        self.start_daemon("munged", &arguments)?;
        wait_until("munge", || Ok(directory.join("socket").exists()))
    }

    /// A child that does not outlive the test, even one that is killed.
    fn start_daemon(&mut self, program: &str, arguments: &[&str]) -> io::Result<()> {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.root.path().join("daemons.log"))?;
        let mut command = self.command("setpriv");
        command.args(["--pdeathsig", "KILL", program]).args(arguments);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.daemons.push(command.spawn()?);
        Ok(())
    }

    /// The daemons and what they have started and not ended: all with the configuration of this
    /// cluster.
    fn processes(&self) -> Vec<u32> {
        let mark = format!("SLURM_CONF={}\0", self.root.path().join("slurm.conf").display());
        let is_marked = |process: &PathBuf| {
            let environment = fs::read(process.join("environ")).unwrap_or_default();
            environment.windows(mark.len()).any(|part| part == mark.as_bytes())
        };
        let all = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path());
        all.filter(is_marked)
            .filter_map(|process| process.file_name()?.to_str()?.parse().ok())
            .collect()
    }

    /// What the daemons said.
    pub fn logs(&self) -> String {
        let read = |name| fs::read_to_string(self.root.path().join(name)).unwrap_or_default();
        format!("{}{}", read("munge/log"), read("daemons.log"))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Canceled first: a node that is gone can no longer end its jobs.
        let cancel = "squeue --noheader --format=%A | xargs --no-run-if-empty scancel; \
                      for i in $(seq 100); do [ -n \"$(squeue --noheader)\" ] || break; sleep 0.1; done";
        self.command("sh").args(["-c", cancel]).output().ok();
        let left: Vec<_> = self.processes().iter().map(u32::to_string).collect();
        Command::new("kill").arg("-9").args(left).output().ok();
        for daemon in &mut self.daemons {
            daemon.wait().ok();
        }
    }
}

fn wait_until(what: &str, is_there: impl Fn() -> io::Result<bool>) -> io::Result<()> {
    let start = Instant::now();
    while !is_there()? {
        if start.elapsed() > UP_WITHIN {
            return Err(io::Error::other(format!("{what}: not there after {UP_WITHIN:?}")));
        }
        sleep(POLL);
    }
    Ok(())
}

/// The nodes claim more cores and memory than this machine may have: ranks then share them.
fn configuration(
    root: &Path,
    user: &str,
    host: &str,
    [controller, node1, node2]: [u16; 3],
) -> String {
    let root = root.display();
    let nodes = NODES.join(",");
    format!(
        "ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={root}/munge/socket
CryptoType=crypto/munge
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool/%n
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=1,sched_min_interval=0
SlurmdParameters=config_overrides
KillWait=20
MailProg=/bin/true
NodeName={nodes} NodeHostname={host} NodeAddr=127.0.0.1 Port={node1},{node2} CPUs=8 RealMemory=64000
PartitionName=main Nodes={nodes} Default=YES MaxTime=INFINITE State=UP
"
    )
}

fn user_name() -> io::Result<String> {
    Ok(String::from_utf8_lossy(&Command::new("id").arg("-un").output()?.stdout).trim().to_owned())
}

fn host_name() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/hostname")?.trim().to_owned())
}

/// Three ports that nobody listens on.
fn free_ports() -> io::Result<[u16; 3]> {
    let listen = || TcpListener::bind(("127.0.0.1", 0));
    let listeners = [listen()?, listen()?, listen()?];
    Ok([
        listeners[0].local_addr()?.port(),
        listeners[1].local_addr()?.port(),
        listeners[2].local_addr()?.port(),
    ])
}

fn is_installed(program: &str) -> bool {
    env::split_paths(&search_path()).any(|folder| folder.join(program).is_file())
}

/// The daemons are where users without root do not look.
fn search_path() -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    env::join_paths(folders).expect("folders of PATH")
}

/// Straight to standard error: what `eprintln!` prints is shown for a failed test only.
fn skipped(reason: impl Display) {
    writeln!(io::stderr(), "SKIPPED: the Slurm scripts were not tested: {reason}").ok();
}
