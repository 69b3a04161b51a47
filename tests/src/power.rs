//! What the logger on the nRF52840 draws, and how long a battery lasts with it: computed from the chip's specification, not measured.

use std::fmt::Write;

use amlstm_firmware::power::Sampling;

#[allow(dead_code, reason = "the board's sum is of the same numbers")]
#[path = "../../firmware/boards/nrf52840-dk/src/currents.rs"]
mod currents;

use currents::{ASLEEP_UA, CONVERTER_UA, CURRENTS, PROCESSOR_UA, UART_UA};

/// The settings' default.
const INTERVAL_S: u32 = 900;
/// A round of three SDI-12 sensors that are asked by `M` and measure at once, ms: the simulated chip's (`tests/chip`).
const ROUND_MS: u32 = 909;
/// SAFT LS 33600, a lithium thionyl chloride cell of size D: nominal capacity by its data sheet, at 5 mA and 20 degrees Celsius.
const BATTERY_MAH: f32 = 17_000.0;
/// What such a cell loses by itself, mAh a day: 1 % a year by its data sheet.
const SELF_DISCHARGE_MAH: f32 = BATTERY_MAH / 100.0 / 365.25;
/// Such cells are not made to be stored for longer, days.
const LONGEST_DAYS: f32 = 20.0 * 365.25;
/// Sensors that draw together so much while they have power, mA: an example.
const SENSORS_MA: f32 = 10.0;
/// ITIMER0: the least that a receiver and its timer draw all the time, by the chip's own oscillator, uA.
const RECEIVER_ALWAYS_ON_UA: f32 = 418.0;

/// The tables of `docs/power.md`.
pub fn tables() -> String {
    let mut text = String::from("| state | uA | in the specification |\n|---|---|---|\n");
    for (state, current_ua, symbol) in [
        ("asleep: all RAM kept, RTC runs", ASLEEP_UA, "ION_RAMON_RTC"),
        ("cable or port on: crystal and a timer", UART_UA, "ITIMER2"),
        ("processor runs", PROCESSOR_UA, "ICPU0"),
        ("converter samples", CONVERTER_UA, "ISAADC,RUN"),
    ] {
        let _ = writeln!(text, "| {state} | {current_ua} | {symbol} |");
    }
    let alone = Sampling {
        interval_s: INTERVAL_S,
        round_ms: ROUND_MS,
        sensors_ma: 0.0,
        switched_supply: true,
    };
    let with_sensors = |warm_up_ms: u32, switched_supply: bool| Sampling {
        round_ms: ROUND_MS + warm_up_ms,
        sensors_ma: SENSORS_MA,
        switched_supply,
        ..alone
    };
    text.push_str("\n| a sample every 15 minutes | mAh a day | 17 Ah last |\n|---|---|---|\n");
    for (what, mah_per_day) in [
        ("logger alone", CURRENTS.uah_per_day(alone) / 1000.0),
        (
            "logger alone, sampling every 6 hours",
            CURRENTS.uah_per_day(Sampling {
                interval_s: 21_600,
                ..alone
            }) / 1000.0,
        ),
        (
            "with sensors of 10 mA, switched, 1 s to warm up",
            CURRENTS.uah_per_day(with_sensors(1000, true)) / 1000.0,
        ),
        (
            "with sensors of 10 mA, always on",
            CURRENTS.uah_per_day(with_sensors(0, false)) / 1000.0,
        ),
        (
            "for comparison: one receiver always on, alone",
            RECEIVER_ALWAYS_ON_UA * 24.0 / 1000.0,
        ),
    ] {
        let days = BATTERY_MAH / (mah_per_day + SELF_DISCHARGE_MAH);
        let lasts = if days > LONGEST_DAYS {
            "over 20 years".to_owned()
        } else {
            format!("{days:.0} days")
        };
        let _ = writeln!(text, "| {what} | {mah_per_day:.3} | {lasts} |");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_holds_what_is_printed() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/power.md");
        let document = std::fs::read_to_string(path).expect("docs/power.md");
        let tables = tables();
        assert!(document.contains(&tables), "tests/power prints\n{tables}");
    }
}
