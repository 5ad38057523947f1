//! Which thread a step runs on.
//!
//! A step takes some twenty microseconds, less than handing it to another thread would cost, so it runs where
//! it is called, on a thread of the async runtime, but for [`INLINE`] at most. A plugin that needs longer, or
//! has needed longer lately, runs on the slow lane: a few threads of low priority, where it takes turns with
//! the other slow ones, one step at a time. Because a step is pure, one that was interrupted inline is simply
//! run again there, with all of its time. So the worst that a plugin can do to the others is to hold up one
//! thread for [`INLINE`] once a minute.

use crate::Error;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The longest that a step may hold a thread of the runtime.
pub(crate) const INLINE: Duration = Duration::from_millis(20);
/// How long a plugin stays on the slow lane after it was interrupted.
const PENANCE: Duration = Duration::from_secs(60);
/// Mean time above which a plugin is slow, and below which it is quick again, in microseconds.
const SLOW_US: u64 = 2_000;
const QUICK_US: u64 = 1_000;
/// One sample counts for at most this much: a thread that was not scheduled is not a slow plugin.
const SAMPLE_CAP_US: u64 = 10_000;
/// How much lower than the runtime's is the priority of the slow lane, in units of `nice`.
const NICE: i32 = 10;
/// Steps that may wait for a thread. A plugin has at most one step here, so this bounds slow plugins.
const QUEUE: usize = 1024;

/// How one plugin has behaved lately.
pub(crate) struct Conduct {
    origin: Instant,
    mean_us: AtomicU64,
    heavy: AtomicBool,
    /// Milliseconds after `origin`.
    slow_until: AtomicU64,
}

impl Conduct {
    pub(crate) fn new() -> Self {
        Self {
            origin: Instant::now(),
            mean_us: AtomicU64::new(0),
            heavy: AtomicBool::new(false),
            slow_until: AtomicU64::new(0),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether its next step belongs on the slow lane.
    pub(crate) fn is_slow(&self) -> bool {
        self.heavy.load(Relaxed) || self.slow_until.load(Relaxed) > self.now()
    }

    /// A step took this long. Two at a time may lose a sample, which does not matter.
    pub(crate) fn took(&self, time: Duration) {
        let sample = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).min(SAMPLE_CAP_US);
        let mean = self.mean_us.load(Relaxed);
        let mean = mean - mean / 8 + sample / 8;
        self.mean_us.store(mean, Relaxed);
        if mean > SLOW_US {
            self.heavy.store(true, Relaxed);
        } else if mean < QUICK_US {
            self.heavy.store(false, Relaxed);
        }
    }

    /// It was interrupted.
    pub(crate) fn interrupted(&self) {
        let until = u64::try_from(PENANCE.as_millis()).unwrap_or(u64::MAX);
        self.slow_until.store(self.now().saturating_add(until), Relaxed);
    }

    /// The interruption was the machine's fault: the same step took `cpu` when it was run again.
    pub(crate) fn cleared(&self, cpu: Duration) {
        if cpu < Duration::from_micros(SLOW_US) {
            self.slow_until.store(0, Relaxed);
        }
    }
}

type Task = Box<dyn FnOnce() + Send>;

/// The slow lane's threads.
pub(crate) struct SlowLane {
    queue: Option<SyncSender<Task>>,
    threads: Vec<JoinHandle<()>>,
}

impl SlowLane {
    /// Half as many threads as there are processors, so that slow plugins leave the other half alone.
    pub(crate) fn start() -> Result<Self, Error> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).div_ceil(2);
        let (queue, tasks) = sync_channel::<Task>(QUEUE);
        let tasks = Arc::new(Mutex::new(tasks));
        let name = "adapter-slow";
        let spawn = || {
            let tasks = Arc::clone(&tasks);
            let thread = std::thread::Builder::new().name(name.into()).spawn(move || work(&tasks));
            thread.map_err(|source| Error::Thread { name, source })
        };
        let threads = (0..threads).map(|_| spawn()).collect::<Result<_, _>>()?;
        Ok(Self { queue: Some(queue), threads })
    }

    /// Queues a task; false when the queue is full.
    pub(crate) fn submit(&self, task: Task) -> bool {
        self.queue.as_ref().is_some_and(|queue| queue.try_send(task).is_ok())
    }
}

fn work(tasks: &Mutex<Receiver<Task>>) {
    // On Linux the priority is the thread's own. Without it the lane still works, only less politely.
    let _ = rustix::process::nice(NICE);
    loop {
        let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match task {
            Ok(task) => task(),
            Err(_) => break,
        }
    }
}

impl Drop for SlowLane {
    fn drop(&mut self) {
        drop(self.queue.take());
        for thread in self.threads.drain(..) {
            // A panic has been reported by its own thread.
            let _ = thread.join();
        }
    }
}

/// Processor time that this thread has used.
pub(crate) fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_plugin_is_moved_and_comes_back() {
        let conduct = Conduct::new();
        conduct.took(Duration::from_secs(5));
        assert!(!conduct.is_slow(), "one outlier is the machine's");
        (0..10).for_each(|_| conduct.took(Duration::from_millis(5)));
        assert!(conduct.is_slow());
        (0..4).for_each(|_| conduct.took(Duration::from_micros(1500)));
        assert!(conduct.is_slow(), "not before it is clearly quick");
        (0..40).for_each(|_| conduct.took(Duration::from_micros(20)));
        assert!(!conduct.is_slow());
    }

    #[test]
    fn an_interruption_counts_unless_it_was_the_machines_fault() {
        let conduct = Conduct::new();
        conduct.interrupted();
        assert!(conduct.is_slow());
        conduct.cleared(Duration::from_millis(5));
        assert!(conduct.is_slow());
        conduct.cleared(Duration::from_micros(50));
        assert!(!conduct.is_slow());
    }

    #[test]
    fn the_lane_runs_what_it_is_given_and_ends() {
        let lane = SlowLane::start().unwrap();
        let (done, finished) = sync_channel(1);
        assert!(
            lane.submit(Box::new(move || done
                .send(std::thread::current().name().map(str::to_owned))
                .unwrap()))
        );
        assert_eq!(finished.recv_timeout(Duration::from_secs(10)).unwrap().as_deref(), Some("adapter-slow"));
        drop(lane);
    }
}
