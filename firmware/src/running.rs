//! Which task is running. The watchdog's warning reads it: while a task never yields, no other task can notice that it is late.

use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::sync::atomic::{AtomicU8, Ordering};

use amlstm_core::link::Task;

use crate::deadlines::WATCHED;

/// The task that was polled last. A static, because interrupt handlers read it.
static RUNNING: AtomicU8 = AtomicU8::new(Task::Health as u8);

/// The task that is running, or ran last.
pub fn running() -> Task {
    let number = usize::from(RUNNING.load(Ordering::Relaxed));
    WATCHED.get(number).copied().unwrap_or(Task::Health)
}

/// Polls a future through a pointer. Inlined where it is awaited, its stack would be part of its caller's, at all times and together with that of
/// other futures. The caller pins it: a future that is moved into another takes its memory twice.
pub async fn apart<T>(future: Pin<&mut dyn Future<Output = T>>) -> T {
    future.await
}

/// Runs a task as [`apart`] does, and records it for [`running`].
pub fn during(
    task: Task,
    mut future: Pin<&mut dyn Future<Output = ()>>,
) -> impl Future<Output = ()> {
    poll_fn(move |context| {
        RUNNING.store(task as u8, Ordering::Relaxed);
        future.as_mut().poll(context)
    })
}
