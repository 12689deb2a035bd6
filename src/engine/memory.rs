//! The memory of this process and of the machine, as Linux reports them.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// Resident memory of this process: now, and its peak since the start or the last [`forget_peak`].
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Resident memory at present, in bytes.
    pub now: usize,
    /// The largest resident memory since the start, or since [`forget_peak`], in bytes.
    pub peak: usize,
}

/// The memory of this process. `None` if the system does not report it.
pub fn read() -> Option<Memory> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    Some(Memory {
        now: kilobytes(&status, "VmRSS")? << 10,
        peak: kilobytes(&status, "VmHWM")? << 10,
    })
}

/// Resets the peak. If the system refuses, the old peak stays, and predictions from it are too
/// high.
pub fn forget_peak() {
    fs::write("/proc/self/clear_refs", "5").ok();
}

/// The number of a line `name: 123 kB`.
fn kilobytes(text: &str, name: &str) -> Option<usize> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim_start_matches(':').trim().strip_suffix(" kB")?.parse().ok()
}

/// The memory that all processes of this job together may use on this machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// Bytes that a process may use.
    pub bytes: f64,
    /// Where it comes from, in words.
    pub source: &'static str,
}

/// The variable that replaces the limit of the system, to check a study for another machine.
pub const VARIABLE: &str = "LOSSATLAS_MEMORY";

/// The memory of the machine or the limit of a control group, whichever is less. `None` if the
/// system does not report them.
///
/// # Errors
/// If the variable is set to something other than a size.
pub fn limit() -> Result<Option<Limit>, String> {
    if let Some(text) = env::var_os(VARIABLE).filter(|text| !text.is_empty()) {
        let bytes = parse(&text.to_string_lossy())?;
        return Ok(Some(Limit { bytes, source: VARIABLE }));
    }
    let information = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let physical = kilobytes(&information, "MemTotal").map(|kilobytes| kilobytes as f64 * 1024.0);
    let physical = physical.map(|bytes| Limit { bytes, source: "physical memory" });
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let group = control_group_limit(&groups, Path::new("/sys/fs/cgroup"));
    let group = group.map(|bytes| Limit { bytes, source: "limit of the control group" });
    Ok([physical, group].into_iter().flatten().min_by(|a, b| a.bytes.total_cmp(&b.bytes)))
}

/// `16G`, `512M` or a number of bytes.
fn parse(text: &str) -> Result<f64, String> {
    let powers = ["K", "M", "G", "T"].into_iter().zip(1..);
    let suffixed = powers.filter_map(|(suffix, power)| Some((text.strip_suffix(suffix)?, power)));
    let (number, power) = suffixed.last().unwrap_or((text, 0));
    let bytes = number.parse::<f64>().ok().filter(|bytes| bytes.is_finite() && *bytes > 0.0);
    let bytes = bytes.map(|bytes| bytes * 1024_f64.powi(power));
    bytes.ok_or_else(|| format!("{VARIABLE} is {text:?}: write a size, for instance 16G or 512M"))
}

/// The smallest limit of the control groups of a process, as `/proc/self/cgroup` names them. A
/// limit applies to all groups below, so every group up to the root counts. In a container the root
/// may be the group itself, without the groups above.
fn control_group_limit(groups: &str, mounted: &Path) -> Option<f64> {
    let limits = groups.lines().filter_map(controllers_and_path).flat_map(|(controllers, path)| {
        let path = Path::new(path.trim_start_matches('/'));
        let (folders, file): (&[&str], _) = if controllers.is_empty() {
            (&["", "unified"], "memory.max")
        } else if controllers.split(',').any(|controller| controller == "memory") {
            (&["memory"], "memory.limit_in_bytes")
        } else {
            (&[], "")
        };
        let files = folders.iter().flat_map(|folder| {
            let root = mounted.join(folder);
            path.ancestors().map(move |group| root.join(group).join(file))
        });
        let files: Vec<PathBuf> = files.collect();
        // The word "max" or a number above all memory means no limit.
        files
            .into_iter()
            .filter_map(|file| fs::read_to_string(file).ok()?.trim().parse::<f64>().ok())
    });
    limits.min_by(f64::total_cmp)
}

/// Controllers and path of a line `number:controllers:path`.
fn controllers_and_path(line: &str) -> Option<(&str, &str)> {
    line.split_once(':')?.1.split_once(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_limit_on_the_way_to_the_root_counts() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let write = |file: &str, text: &str| {
            let file = root.path().join(file);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(file, text).expect("a file");
        };
        let limit = |groups: &str| control_group_limit(groups, root.path());
        assert_eq!(limit("0::/job/step\n"), None);
        write("job/step/memory.max", "max\n");
        assert_eq!(limit("0::/job/step\n"), None);
        write("job/memory.max", "4096\n");
        write("memory.max", "8192\n");
        assert_eq!(limit("0::/job/step\n"), Some(4096.0));
        assert_eq!(limit("0::/other\n"), Some(8192.0));
        write("memory/a/memory.limit_in_bytes", "1024\n");
        write("memory/memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(limit("3:cpu:/a\n2:hugetlb,memory:/a/b\n0::/job\n"), Some(1024.0));
        assert_eq!(limit("2:memory:/not/mounted\n"), Some(9_223_372_036_854_771_712.0));
        assert_eq!(limit("3:cpu:/a\nnonsense\n"), None);
    }

    #[test]
    fn sizes_are_read_and_other_texts_refused() {
        assert_eq!(parse("1000"), Ok(1000.0));
        assert_eq!(parse("1.5K"), Ok(1536.0));
        assert_eq!(parse("2G"), Ok(2.0 * 1024.0 * 1024.0 * 1024.0));
        for text in ["", "G", "-1G", "inf", "nan", "0", "16 GB"] {
            let problem = parse(text).unwrap_err();
            assert!(problem.contains("LOSSATLAS_MEMORY") && problem.contains("16G"), "{problem}");
        }
    }

    #[test]
    fn this_machine_has_memory() {
        let limit = limit().expect("no variable is set").expect("Linux tells");
        assert!(limit.bytes > 1e8 && limit.bytes < 1e15, "{limit:?}");
    }
}
