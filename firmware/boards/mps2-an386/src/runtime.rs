//! Runs one future and sleeps between interrupts.
//!
//! The application is one future, so an executor is this loop. It sleeps with WFI: QEMU 7.2 does not sleep on WFE.

use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

use crate::clock;

static WOKEN: AtomicBool = AtomicBool::new(true);

/// Lets the future be polled again.
pub fn wake() {
    WOKEN.store(true, Ordering::Release);
}

/// Runs a future to completion. The caller pins it: one that is moved here takes its memory twice.
pub fn block_on<T>(mut future: Pin<&mut impl Future<Output = T>>) -> T {
    let waker = waker();
    let mut context = Context::from_waker(&waker);
    loop {
        if WOKEN.swap(false, Ordering::AcqRel) {
            clock::forget_alarm();
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return value;
            }
            continue;
        }
        clock::set_alarm();
        // With interrupts masked, one that comes between this check and the sleep ends the sleep at once, and runs after it.
        cortex_m::interrupt::disable();
        if !WOKEN.load(Ordering::Acquire) {
            cortex_m::asm::wfi();
        }
        // SAFETY: interrupts were enabled before the line above; no critical section is open here.
        unsafe { cortex_m::interrupt::enable() };
    }
}

/// There is only one future, so every waker does the same and holds no data.
fn waker() -> Waker {
    const TABLE: RawWakerVTable = RawWakerVTable::new(|_| RAW, |_| wake(), |_| wake(), |_| {});
    const RAW: RawWaker = RawWaker::new(core::ptr::null(), &TABLE);
    // SAFETY: none of the table's functions looks at the pointer, and `wake` may be called from anywhere.
    unsafe { Waker::from_raw(RAW) }
}
