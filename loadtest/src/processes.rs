//! What processes cost, by Linux's own accounts (proc(5)).

use std::collections::HashMap;
use std::fs;
use std::time::Instant;

/// Which part of the system a process belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// The all-in-one process: SFU, signalling, node.
    Main,
    /// The session workers and the launcher.
    Worker,
    Chromium,
}

/// Processor time used until now, and memory held now.
#[derive(Debug, Clone)]
pub struct Account {
    at: Instant,
    ticks: HashMap<Part, u64>,
    /// Proportional set size in bytes.
    pub memory: HashMap<Part, u64>,
}

/// Reads the accounts of `root` and everything it started.
pub fn account(root: u32) -> Account {
    let mut account = Account { at: Instant::now(), ticks: HashMap::new(), memory: HashMap::new() };
    for pid in tree(root) {
        let part = if pid == root { Part::Main } else { part_of(pid) };
        *account.ticks.entry(part).or_default() += ticks(pid).unwrap_or(0);
        *account.memory.entry(part).or_default() += memory(pid).unwrap_or(0);
    }
    account
}

impl Account {
    /// Share of one core that a part used since an earlier account.
    pub fn share_since(&self, earlier: &Account, part: Part) -> f64 {
        // SAFETY: reads a constant of the system.
        let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) } as f64;
        let of = |account: &Account| account.ticks.get(&part).copied().unwrap_or(0) as f64;
        (of(self) - of(earlier)) / per_second / (self.at - earlier.at).as_secs_f64()
    }
}

fn part_of(pid: u32) -> Part {
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let program = command.split(|b| *b == 0).next().unwrap_or_default();
    if String::from_utf8_lossy(program).contains("chrom") { Part::Chromium } else { Part::Worker }
}

/// The process and all that descend from it.
fn tree(root: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if let Some(parent) = stat(pid).and_then(|fields| fields.get(1)?.parse().ok()) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = vec![root];
    let mut next = 0;
    while let Some(pid) = found.get(next).copied() {
        found.extend(children.remove(&pid).unwrap_or_default());
        next += 1;
    }
    found
}

/// The fields of `/proc/PID/stat` after the command's name, which may hold spaces: state, parent, …
fn stat(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

fn ticks(pid: u32) -> Option<u64> {
    let fields = stat(pid)?;
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

fn memory(pid: u32) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}
