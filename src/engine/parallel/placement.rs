//! Which cores the ranks may use, and whether their threads compete for them.
//!
//! By default launchers bind a rank to one core. Its threads then take turns on that core, and the
//! run is slower without any warning.

use super::launcher::Launcher;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;

/// Where a rank may run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankPlace {
    /// Name of its machine.
    pub host: String,
    /// The CPUs that it may use, each with the number of its core: with simultaneous
    /// multithreading, several CPUs are one core.
    pub cpus: BTreeMap<usize, usize>,
    /// CPUs of the machine.
    pub host_cpus: usize,
    /// Cores of the machine.
    pub host_cores: usize,
}

/// Threads with fewer cores than they need, where a remedy exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crowding {
    /// What is crowded.
    kind: CrowdingKind,
    launcher: Option<Launcher>,
    /// Threads of a rank.
    threads: usize,
    /// A host whose ranks may all use the same CPUs, fewer than their threads. Binding by a
    /// launcher is not the cause.
    scarce: Option<Scarcity>,
}

/// The CPUs that a host allows to all of its ranks together.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Scarcity {
    host: String,
    cpus: usize,
    ranks: usize,
}

impl Scarcity {
    /// A launcher that binds to cores gives every rank CPUs of its own. If all ranks have the same
    /// set, something else has limited it. A single rank gives no information.
    fn of(host: &str, places: &[&RankPlace], threads: usize) -> Option<Self> {
        let (first, others) = places.split_first()?;
        let same = !others.is_empty() && others.iter().all(|place| place.cpus == first.cpus);
        let (cpus, ranks) = (first.cpus.len(), places.len());
        let scarce = same && cpus < first.host_cpus && cpus < ranks * threads;
        scarce.then(|| Self { host: host.to_owned(), cpus, ranks })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum CrowdingKind {
    /// Some ranks may use fewer cores than they have threads.
    Bound { ranks: usize, of: usize, cores: usize, cpus: usize },
    /// Ranks that may use the same cores and no others of the host.
    Shared { host: String, ranks: usize, cores: usize, cpus: usize },
    /// More threads than the host has CPUs.
    TooMany { host: String, ranks: usize, cpus: usize },
}

impl RankPlace {
    /// The place of this process. `None` if the system does not report it.
    pub fn here(host: &str) -> Option<Self> {
        // Unlike `sched_getaffinity` with a mask of fixed length, this has no limit of 1024 CPUs.
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
        let online = fs::read_to_string("/sys/devices/system/cpu/online").ok()?;
        let online = numbers(&online)?;
        let core = |cpu: usize| {
            let file = format!("/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list");
            let siblings = fs::read_to_string(file).ok().and_then(|list| numbers(&list));
            siblings.and_then(|siblings| siblings.first().copied()).unwrap_or(cpu)
        };
        Some(Self {
            host: host.to_owned(),
            cpus: numbers(allowed)?.into_iter().map(|cpu| (cpu, core(cpu))).collect(),
            host_cpus: online.len(),
            host_cores: online.into_iter().map(core).collect::<BTreeSet<_>>().len(),
        })
    }
}

/// Numbers as Linux lists them: `0-3,8`.
fn numbers(list: &str) -> Option<BTreeSet<usize>> {
    let mut numbers = BTreeSet::new();
    for part in list.trim().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        numbers.extend(first.parse::<usize>().ok()?..=last.parse().ok()?);
    }
    Some(numbers)
}

/// CPUs that some ranks may use, and those ranks.
#[derive(Default)]
struct Pool {
    ranks: usize,
    cpus: BTreeMap<usize, usize>,
}

impl Pool {
    fn cores(&self) -> usize {
        self.cpus.values().collect::<BTreeSet<_>>().len()
    }

    /// Whether these are too many threads for it. Two CPUs of one core count as two only if the
    /// host has no other cores.
    fn is_crowded(&self, threads: usize, host_cores: usize) -> bool {
        threads > self.cpus.len() || (threads > self.cores() && self.cores() < host_cores)
    }
}

impl Crowding {
    /// The worst problem with these places of all ranks, if there is one.
    ///
    /// More ranks of one thread than CPUs of a host are no problem: the user asked for them, and no
    /// thread waits for another.
    pub fn of(places: &[RankPlace], threads: usize, launcher: Option<Launcher>) -> Option<Self> {
        let mut hosts: BTreeMap<&str, Vec<&RankPlace>> = BTreeMap::new();
        for place in places {
            hosts.entry(&place.host).or_default().push(place);
        }
        let kind = hosts
            .iter()
            .find_map(|(host, places)| too_many(host, places, threads))
            .or_else(|| bound(places, threads))
            .or_else(|| hosts.iter().find_map(|(host, places)| shared(host, places, threads)));
        let scarce = hosts.iter().find_map(|(host, places)| Scarcity::of(host, places, threads));
        Some(Self { kind: kind?, launcher, threads, scarce })
    }
}

fn exceeds(places: &[&RankPlace], threads: usize) -> bool {
    places.len() * threads > places[0].host_cpus
}

fn too_many(host: &str, places: &[&RankPlace], threads: usize) -> Option<CrowdingKind> {
    let kind = CrowdingKind::TooMany {
        host: host.to_owned(),
        ranks: places.len(),
        cpus: places[0].host_cpus,
    };
    (threads > 1 && exceeds(places, threads)).then_some(kind)
}

fn bound(places: &[RankPlace], threads: usize) -> Option<CrowdingKind> {
    let pool = |place: &RankPlace| Pool { ranks: 1, cpus: place.cpus.clone() };
    let crowded = |place: &RankPlace| {
        Some(pool(place)).filter(|pool| pool.is_crowded(threads, place.host_cores))
    };
    let crowded: Vec<Pool> = places.iter().filter_map(crowded).filter(|_| threads > 1).collect();
    let fewest = crowded.iter().min_by_key(|pool| pool.cores())?;
    let (cores, cpus) = (fewest.cores(), fewest.cpus.len());
    Some(CrowdingKind::Bound { ranks: crowded.len(), of: places.len(), cores, cpus })
}

/// Ranks whose CPUs overlap are one pool.
fn shared(host: &str, places: &[&RankPlace], threads: usize) -> Option<CrowdingKind> {
    if exceeds(places, threads) {
        return None;
    }
    let mut pools: Vec<Pool> = Vec::new();
    for place in places {
        let overlaps = |pool: &Pool| place.cpus.keys().any(|cpu| pool.cpus.contains_key(cpu));
        let (overlapping, mut apart): (Vec<_>, Vec<_>) = pools.into_iter().partition(overlaps);
        let mut merged = Pool { ranks: 1, cpus: place.cpus.clone() };
        for pool in overlapping {
            merged.ranks += pool.ranks;
            merged.cpus.extend(pool.cpus);
        }
        apart.push(merged);
        pools = apart;
    }
    let host_cores = places[0].host_cores;
    let crowded =
        |pool: &&Pool| pool.ranks > 1 && pool.is_crowded(pool.ranks * threads, host_cores);
    let pool = pools.iter().filter(crowded).min_by_key(|pool| pool.cores())?;
    Some(CrowdingKind::Shared {
        host: host.to_owned(),
        ranks: pool.ranks,
        cores: pool.cores(),
        cpus: pool.cpus.len(),
    })
}

impl fmt::Display for Crowding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, launcher: _, threads, scarce } = self;
        match kind {
            CrowdingKind::TooMany { host, ranks, cpus } => {
                let fewer = (cpus / ranks).max(1);
                // One rank cannot become fewer.
                let remedy = if *ranks > 1 { "start fewer ranks, or " } else { "" };
                let (ranks, wanted) = (count(*ranks, "rank"), count(*threads, "thread"));
                write!(
                    f,
                    "{ranks} of {wanted} (run.threads_per_rank) on {host}, which has {}: they take turns; \
                     {remedy}set run.threads_per_rank = {fewer}",
                    count(*cpus, "CPU")
                )
            }
            CrowdingKind::Bound { ranks, of, cores, cpus } => {
                let cores = count(*cores, "core");
                write!(
                    f,
                    "run.threads_per_rank = {threads}, but {ranks} of {} may use only {cores}, which the threads \
                     of a rank share; {}",
                    count(*of, "rank"),
                    self.remedy(scarce.as_ref(), *cpus >= *threads)
                )
            }
            CrowdingKind::Shared { host, ranks, cores, cpus } => {
                let (ranks, needed) = (count(*ranks, "rank"), ranks * threads);
                let cores = count(*cores, "core");
                let scarce = scarce.as_ref().filter(|scarce| scarce.host == *host);
                let own = self.remedy(scarce, *cpus >= needed);
                write!(
                    f,
                    "{ranks} of {} share {cores} of {host}, which has more; {own}",
                    count(*threads, "thread")
                )
            }
        }
    }
}

impl Crowding {
    fn remedy(&self, scarce: Option<&Scarcity>, siblings: bool) -> String {
        match scarce {
            // Slurm allows the CPUs that its options ask for.
            Some(scarce) if self.launcher != Some(Launcher::Slurm) => {
                let Scarcity { host, cpus, ranks } = scarce;
                let fewer = if self.threads > 1 { "fewer ranks or threads" } else { "fewer ranks" };
                format!(
                    "start {fewer}, or allow more CPUs: all {ranks} ranks of {host} may use {} together; taskset, \
                     numactl, a container, a job or --bind-to socket withholds the others",
                    count(*cpus, "CPU")
                )
            }
            _ => remedy(self.launcher, self.threads, siblings),
        }
    }
}

/// The remedy for cores that ranks may not use. With `siblings` there are enough CPUs, but several
/// of them are one core.
fn remedy(launcher: Option<Launcher>, threads: usize, siblings: bool) -> String {
    match launcher {
        Some(Launcher::OpenMpi) => {
            format!("start with mpirun --bind-to none, or --map-by slot:PE={threads}")
        }
        Some(Launcher::Hydra) => {
            format!("start with mpirun -bind-to none, or -bind-to core:{threads}")
        }
        Some(Launcher::Slurm) if siblings => {
            format!("start with srun --cpus-per-task={threads} --hint=nomultithread")
        }
        Some(Launcher::Slurm) => format!("start with srun --cpus-per-task={threads}"),
        Some(Launcher::Other) => {
            "start with a launcher that binds ranks to more cores, or to none".to_owned()
        }
        None => "taskset, numactl, a container or a job withholds the others".to_owned(),
    }
}

fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A rank on a host of four cores, of one or two CPUs each as Linux numbers them.
    fn on(host: &str, siblings: usize, cpus: &str) -> RankPlace {
        let cpus = numbers(cpus).expect("a list").into_iter().map(|cpu| (cpu, cpu % 4)).collect();
        RankPlace { host: host.to_owned(), cpus, host_cpus: 4 * siblings, host_cores: 4 }
    }

    fn said(places: &[RankPlace], threads: usize, launcher: Option<Launcher>) -> Option<String> {
        Crowding::of(places, threads, launcher).map(|crowding| crowding.to_string())
    }

    fn ranks(cpus: &[&str]) -> Vec<RankPlace> {
        cpus.iter().map(|cpus| on("a", 1, cpus)).collect()
    }

    #[test]
    fn lists_of_linux_are_read() {
        assert_eq!(numbers(" 0-2,5,8-9\n"), Some([0, 1, 2, 5, 8, 9].into()));
        assert_eq!(numbers(""), None);
        assert_eq!(numbers("0-x"), None);
    }

    #[test]
    fn enough_cores_are_no_news() {
        for (cpus, threads) in [
            (&["0-3"][..], 1),
            (&["0-3"], 4),
            (&["0", "1"], 1),
            (&["0-1", "2-3"], 2),
            (&["0-3", "0-3"], 2),
        ] {
            assert_eq!(
                said(&ranks(cpus), threads, Some(Launcher::OpenMpi)),
                None,
                "{cpus:?} {threads}"
            );
        }
        // More ranks of one thread than CPUs: asked for.
        assert_eq!(said(&ranks(&["0-3"; 9]), 1, None), None);
        assert_eq!(said(&ranks(&["0", "1", "2", "3", "0"]), 1, None), None);
        // All CPUs of a host with two on a core.
        assert_eq!(said(&[on("a", 2, "0-7")], 8, None), None);
        assert_eq!(said(&[], 2, None), None);
    }

    #[test]
    fn a_rank_bound_to_fewer_cores_than_threads_is_told_what_its_launcher_takes() {
        let bound = |launcher| said(&ranks(&["0", "1"]), 2, launcher).expect("bound");
        let words = "run.threads_per_rank = 2, but 2 of 2 ranks may use only 1 core, which the threads of a rank share; ";
        for (launcher, remedy) in [
            (Some(Launcher::OpenMpi), "start with mpirun --bind-to none, or --map-by slot:PE=2"),
            (Some(Launcher::Hydra), "start with mpirun -bind-to none, or -bind-to core:2"),
            (Some(Launcher::Slurm), "start with srun --cpus-per-task=2"),
            (None, "taskset, numactl, a container or a job withholds the others"),
        ] {
            assert_eq!(bound(launcher), format!("{words}{remedy}"));
        }
        // Both CPUs of one core, which a launcher counts as two or not.
        let siblings = said(&[on("a", 2, "0,4")], 2, Some(Launcher::Slurm)).expect("one core");
        assert!(siblings.contains("1 of 1 rank may use only 1 core"), "{siblings}");
        assert!(siblings.ends_with("srun --cpus-per-task=2 --hint=nomultithread"), "{siblings}");
        // On one of two hosts only.
        let places = [on("a", 1, "0-3"), on("b", 1, "2")];
        assert!(
            said(&places, 2, None).expect("bound").contains("1 of 2 ranks may use only 1 core")
        );
    }

    #[test]
    fn where_the_launcher_has_not_bound_the_ranks_no_option_of_it_is_the_remedy() {
        for launcher in [Some(Launcher::OpenMpi), Some(Launcher::Hydra), None] {
            for (cpus, threads, part) in [("0", 2, "1 CPU"), ("0-1", 2, "2 CPUs")] {
                let said = said(&ranks(&[cpus; 2]), threads, launcher).expect("crowded");
                assert!(
                    said.contains("; start fewer ranks or threads, or allow more CPUs: "),
                    "{said}"
                );
                assert!(
                    said.contains(&format!("all 2 ranks of a may use {part} together")),
                    "{said}"
                );
            }
        }
        // Slurm gives as many as its options ask for; one rank alone may be bound.
        let slurm = said(&ranks(&["0", "0"]), 2, Some(Launcher::Slurm)).expect("crowded");
        assert!(slurm.ends_with("srun --cpus-per-task=2"), "{slurm}");
        let one = said(&ranks(&["0"]), 2, Some(Launcher::OpenMpi)).expect("crowded");
        assert!(one.contains("--bind-to none"), "{one}");
    }

    #[test]
    fn ranks_that_share_cores_are_told_so_on_any_host() {
        let one_core = said(&ranks(&["1", "1"]), 1, Some(Launcher::OpenMpi)).expect("shared");
        let words = "2 ranks of 1 thread share 1 core of a, which has more; ";
        let remedy =
            "start fewer ranks, or allow more CPUs: all 2 ranks of a may use 1 CPU together; ";
        let cause = "taskset, numactl, a container, a job or --bind-to socket withholds the others";
        assert_eq!(one_core, format!("{words}{remedy}{cause}"));
        // Bound: no two ranks of the host have the same set.
        let overlapping =
            said(&ranks(&["0-1", "1-2"]), 2, Some(Launcher::OpenMpi)).expect("shared");
        assert!(
            overlapping.ends_with("; start with mpirun --bind-to none, or --map-by slot:PE=2"),
            "{overlapping}"
        );
        // A chain of overlaps, beside a rank with a core of its own.
        let places: Vec<_> = ["0-1", "3", "1", "0"].map(|cpus| on("b", 1, cpus)).into();
        let chain = said(&[ranks(&["0-3"]), places].concat(), 1, None).expect("shared");
        assert!(chain.starts_with("3 ranks of 1 thread share 2 cores of b, "), "{chain}");
        // The same CPUs of different hosts are different.
        assert_eq!(said(&[on("a", 1, "0"), on("b", 1, "0")], 1, None), None);
    }

    #[test]
    fn no_launcher_can_give_more_cpus_than_there_are() {
        let too_many =
            said(&ranks(&["0", "1", "2"]), 2, Some(Launcher::OpenMpi)).expect("six threads");
        let words =
            "3 ranks of 2 threads (run.threads_per_rank) on a, which has 4 CPUs: they take turns; ";
        assert_eq!(too_many, format!("{words}start fewer ranks, or set run.threads_per_rank = 1"));
        let one = said(&ranks(&["0-3"]), 6, None).expect("six threads");
        assert!(one.ends_with(": they take turns; set run.threads_per_rank = 4"), "{one}");
    }

    #[test]
    fn this_process_has_a_place() {
        let place = RankPlace::here("a").expect("Linux");
        let cores: BTreeSet<_> = place.cpus.values().collect();
        assert!((1..=place.host_cpus).contains(&place.cpus.len()), "{place:?}");
        assert!((1..=place.host_cores).contains(&cores.len()), "{place:?}");
    }
}
