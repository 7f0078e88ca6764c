//! What the kernel says about processes and about the machine.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Serialize;

/// Nanoseconds of one tick of `/proc/stat`: Linux shows user space 100 a second.
const TICK_NS: u64 = 10_000_000;

/// CPU time that all threads of a process have used, in nanoseconds.
///
/// Threads that have ended do not count: those of the measured programs do not end.
///
/// # Errors
///
/// When there is no such process.
pub(crate) fn cpu_ns(pid: u32) -> anyhow::Result<u64> {
    let folder = format!("/proc/{pid}/task");
    let threads = fs::read_dir(&folder).with_context(|| format!("read {folder}"))?;
    let mut total_ns = 0;
    for thread in threads {
        let path = thread?.path().join("schedstat");
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        total_ns += first_number(&text).context("schedstat holds no number")?;
    }
    Ok(total_ns)
}

/// Time that all CPUs of the machine were not idle, in nanoseconds.
///
/// # Errors
///
/// When `/proc/stat` does not look as it should.
pub(crate) fn busy_ns() -> anyhow::Result<u64> {
    /// Columns of the first line that are waiting, not work: idle and iowait.
    const IDLE: [usize; 2] = [3, 4];
    /// user, nice, system, idle, iowait, irq, softirq, steal; guests are counted in user.
    const COLUMNS: usize = 8;
    let text = fs::read_to_string("/proc/stat").context("read /proc/stat")?;
    let line = text.strip_prefix("cpu ").context("/proc/stat has another form")?;
    let ticks = line.split_ascii_whitespace().take(COLUMNS).map_while(|it| it.parse::<u64>().ok());
    let busy = ticks.enumerate().filter(|(column, _)| !IDLE.contains(column));
    Ok(busy.map(|(_, ticks)| ticks).sum::<u64>() * TICK_NS)
}

/// How many CPUs there are.
pub(crate) fn cpu_count() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// What a process holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Footprint {
    /// Resident memory that is not a file's: heap, stacks and the like.
    pub(crate) anonymous_bytes: u64,
    pub(crate) threads: usize,
    /// Open file descriptors.
    pub(crate) files: usize,
}

/// Looks at a process.
///
/// # Errors
///
/// When there is no such process.
pub(crate) fn footprint(pid: u32) -> anyhow::Result<Footprint> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = fs::read_to_string(&path).with_context(|| format!("read {path}"))?;
    let line = text.lines().find_map(|it| it.strip_prefix("Anonymous:"));
    let kilobytes = line.and_then(first_number).context("smaps_rollup has another form")?;
    let entries = |folder: &str| anyhow::Ok(fs::read_dir(format!("/proc/{pid}/{folder}"))?.count());
    let (threads, files) = (entries("task")?, entries("fd")?);
    Ok(Footprint { anonymous_bytes: kilobytes << 10, threads, files })
}

/// All resident memory of a process, with the pages of files that it shares with others.
///
/// # Errors
///
/// When there is no such process.
pub(crate) fn resident_bytes(pid: u32) -> anyhow::Result<u64> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = fs::read_to_string(&path).with_context(|| format!("read {path}"))?;
    let line = text.lines().find_map(|it| it.strip_prefix("Rss:"));
    Ok(line.and_then(first_number).context("smaps_rollup has another form")? << 10)
}

/// Lets time pass.
///
/// # Errors
///
/// When there is no timer.
pub(crate) fn pause(time: Duration) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(async { tokio::time::sleep(time).await });
    Ok(())
}

/// The most CPU time that a process uses without a rest while one looks on.
///
/// # Errors
///
/// When there is no such process.
pub(crate) fn longest_burst(pid: u32, time: Duration) -> anyhow::Result<Duration> {
    const WINDOW: Duration = Duration::from_millis(5);
    /// Less than this is a rest: timers, a look at the clock.
    const REST_NS: u64 = 50_000;
    let end = Instant::now() + time;
    let (mut burst_ns, mut longest_ns, mut before_ns) = (0, 0, cpu_ns(pid)?);
    while Instant::now() < end {
        pause(WINDOW)?;
        let now_ns = cpu_ns(pid)?;
        let used_ns = now_ns - before_ns;
        burst_ns = if used_ns > REST_NS { burst_ns + used_ns } else { 0 };
        longest_ns = longest_ns.max(burst_ns);
        before_ns = now_ns;
    }
    Ok(Duration::from_nanos(longest_ns))
}

fn first_number(text: &str) -> Option<u64> {
    text.split_ascii_whitespace().next()?.parse().ok()
}
