//! Deadlines by which the tasks must check in.

use core::cell::Cell;

use amlstm_core::link::Task;

/// Tasks that are watched; the fourth, health, is the watcher.
pub const WATCHED: [Task; 3] = [Task::Sense, Task::Port, Task::MonthClose];

/// Longest round of sensors (`sense`), with one answer beyond its end, and a margin.
const LONGEST_ROUND_MS: u64 = 120_000;
/// Longest request on the port, slow sensors included.
const LONGEST_REQUEST_MS: u64 = 180_000;
/// Closing a month, replaying a long log and erasing flash take less.
const LONGEST_CLOSE_MS: u64 = 60_000;

/// The deadline of each watched task, in milliseconds since the start; `u64::MAX` while it waits for an event.
#[derive(Debug)]
pub struct Deadlines([Cell<u64>; WATCHED.len()]);

impl Default for Deadlines {
    fn default() -> Self {
        Self([const { Cell::new(u64::MAX) }; WATCHED.len()])
    }
}

impl Deadlines {
    /// The task starts to work at `uptime_ms`, and must check in again within the longest time that its work can take.
    pub fn set(&self, task: Task, uptime_ms: u64) {
        let longest_ms = match task {
            Task::Sense => LONGEST_ROUND_MS,
            Task::Port => LONGEST_REQUEST_MS,
            Task::MonthClose => LONGEST_CLOSE_MS,
            // It watches the others; the watchdog watches it.
            Task::Health => return,
        };
        self.replace(task, uptime_ms.saturating_add(longest_ms));
    }

    /// The task waits for an event, without a deadline.
    pub fn clear(&self, task: Task) {
        self.replace(task, u64::MAX);
    }

    /// The first task whose deadline has passed.
    pub fn late(&self, uptime_ms: u64) -> Option<Task> {
        WATCHED
            .into_iter()
            .zip(&self.0)
            .find(|(_, deadline)| deadline.get() < uptime_ms)
            .map(|(task, _)| task)
    }

    fn replace(&self, task: Task, deadline_ms: u64) {
        if let Some(deadline) = self.0.get(task as usize) {
            deadline.set(deadline_ms);
        }
    }
}
