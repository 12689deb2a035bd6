//! The memory of this process, as Linux counts it.

use std::fs;

/// Bytes in use now, and at most since the start or the last [`forget_peak`].
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    pub now: usize,
    pub peak: usize,
}

/// Nothing where the system does not tell.
pub fn read() -> Option<Memory> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = |name: &str| -> Option<usize> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':').trim().strip_suffix(" kB")?.parse().ok()
    };
    Some(Memory { now: kilobytes("VmRSS")? << 10, peak: kilobytes("VmHWM")? << 10 })
}

/// Lets the peak begin anew. Where that is refused it stays, and predictions made of it are too high.
pub fn forget_peak() {
    fs::write("/proc/self/clear_refs", "5").ok();
}
