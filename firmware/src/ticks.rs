//! Ticks of a 32,768 Hz clock, as most real-time counters have.

/// Ticks per second.
pub const HZ: u64 = 32_768;

/// The first tick at which [`ms_at_tick`] is `ms`. Rounded up: a wait that ended one tick early would date a sample one millisecond too early, and so
/// possibly to the previous day and month.
pub const fn tick_of_ms(ms: u64) -> u64 {
    ms.saturating_mul(HZ).div_ceil(1000)
}

/// Whole milliseconds that have passed at a tick.
pub const fn ms_at_tick(tick: u64) -> u64 {
    tick.saturating_mul(1000) / HZ
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_the_tick_of_a_millisecond_it_has_come() {
        for ms in (0..2_000_000).chain(86_400_000 * 365..86_400_000 * 365 + 100_000) {
            let tick = tick_of_ms(ms);
            assert_eq!(ms_at_tick(tick), ms);
            assert!(tick == 0 || ms_at_tick(tick - 1) < ms);
        }
    }
}
