//! The watchdog is fed only while every task keeps its word.
//!
//! A task says by when it will check in again; waiting for a laptop or a month is no sin. When one is late, its name is kept through the
//! reset that follows. A task that never yields lets nobody see that it is late: then the board's handler asks which one was [`running`].

use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::sync::atomic::{AtomicU8, Ordering};

use amlstm_core::link::Task;

use crate::app::Shared;
use crate::board::{Board, Clock, Machine};

/// Tasks that are watched; the fourth is the watcher.
const WATCHED: [Task; 3] = [Task::Sense, Task::Port, Task::MonthClose];

/// Which task was polled last. A static, because handlers of the processor read it.
static RUNNING: AtomicU8 = AtomicU8::new(Task::Health as u8);

/// The task that runs, or ran last.
pub fn running() -> Task {
    let number = usize::from(RUNNING.load(Ordering::Relaxed));
    WATCHED.get(number).copied().unwrap_or(Task::Health)
}

/// Runs a task, known to [`running`]. Pinned by the caller: a future that is moved into another is kept twice.
pub fn during<F: Future<Output = ()>>(
    task: Task,
    mut future: Pin<&mut F>,
) -> impl Future<Output = ()> {
    poll_fn(move |context| {
        RUNNING.store(task as u8, Ordering::Relaxed);
        future.as_mut().poll(context)
    })
}

/// When each task must have checked in, milliseconds since the start.
#[derive(Debug)]
pub struct Beats([Cell<u64>; WATCHED.len()]);

impl Default for Beats {
    fn default() -> Self {
        Self([const { Cell::new(u64::MAX) }; WATCHED.len()])
    }
}

impl Beats {
    /// The task will check in by then.
    pub fn expect(&self, task: Task, uptime_ms: u64) {
        if let Some(deadline) = self.0.get(task as usize) {
            deadline.set(uptime_ms);
        }
    }

    /// The task waits for somebody else.
    pub fn rest(&self, task: Task) {
        self.expect(task, u64::MAX);
    }

    /// A task that has not checked in.
    pub fn late(&self, uptime_ms: u64) -> Option<Task> {
        WATCHED
            .into_iter()
            .zip(&self.0)
            .find(|(_, deadline)| deadline.get() < uptime_ms)
            .map(|(task, _)| task)
    }
}

/// Feeds the watchdog, for ever or until a task is late.
pub async fn watch<B: Board>(shared: &Shared<B>) {
    loop {
        let period_ms = {
            let mut machine = shared.machine.lock().await;
            match shared.beats.late(shared.clock.uptime_ms()) {
                Some(task) => machine.note_late(task),
                None => machine.feed(),
            }
            u64::from(machine.watchdog_ms() / 2).max(1)
        };
        shared
            .clock
            .wait_until_ms(shared.clock.uptime_ms() + period_ms)
            .await;
    }
}
