//! What this board draws, by the nRF52840 product specification 1.11, "Current consumption": typical values at 3 V and 25 degrees Celsius with the DC/DC converter.
//! Nothing of it was measured. `tests/power` prints the table.

use amlstm_firmware::power::Currents;

/// ION_RAMON_RTC: all RAM is kept, the RTC runs.
pub const ASLEEP_UA: f32 = 3.16;
/// ITIMER2: a timer runs by the crystal of 32 MHz. For a UART, which runs with one, the specification has no current of its own.
pub const UART_UA: f32 = 646.0;
/// ICPU0: the processor runs from flash by the crystal.
pub const PROCESSOR_UA: f32 = 3300.0;
/// ISAADC,RUN: the converter samples.
pub const CONVERTER_UA: f32 = 1240.0;
/// Seconds in which the processor runs for a sample: 4 ms as the simulated chip has seen it (`tests/chip`), which knows no cycles that a flash access waits, and
/// five characters at 1,200 baud in which it waits for the receiver to stop.
pub const PROCESSOR_S: f32 = 0.004 + 5.0 * 10.0 / 1200.0;
/// Seconds in which the converter runs for the battery.
pub const CONVERTER_S: f32 = 0.0001;

/// The board.
pub const CURRENTS: Currents = Currents {
    asleep_ua: ASLEEP_UA,
    asking_ua: UART_UA,
    sample_uc: PROCESSOR_UA * PROCESSOR_S + CONVERTER_UA * CONVERTER_S,
};
