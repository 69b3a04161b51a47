//! Who a logger is and what its sensors read, for people, and how each of its numbers is shown.

use amlstm::logger::{Battery, quality_text, time_text};
use amlstm_core::link::{BatteryLife, Hello, Now, Quality};

use crate::command::{
    output::Output,
    table::{self, LEFT, RIGHT, Table},
};

/// A table whose columns but the first are numbers.
pub fn table(header: &[&str]) -> Table {
    let mut columns: Vec<_> = header.iter().map(|name| (*name, RIGHT)).collect();
    columns[0].1 = LEFT;
    table::new(&columns)
}

pub fn metres(value: Option<f32>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
}

pub fn battery(millivolts: Option<u16>) -> String {
    millivolts.map_or_else(
        || "not measured".to_owned(),
        |millivolts| format!("{:.2} V", f32::from(millivolts) / 1000.0),
    )
}

/// How long the battery lasts, with where that is from; nothing where it cannot be known.
pub fn battery_life(life: Option<BatteryLife>, battery: Option<&Battery>) -> Option<String> {
    let (life, battery) = life.zip(battery)?;
    Some(format!(
        "lasts about {} days more: {:.2} mAh a day by data sheets, not measured, of {} mAh fitted {}",
        life.days_left,
        f64::from(life.uah_per_day) / 1000.0,
        battery.capacity_mah,
        battery.fitted
    ))
}

pub fn quality_or_good(quality: Quality) -> String {
    match quality_text(quality) {
        words if words.is_empty() => "good".to_owned(),
        words => words,
    }
}

/// `logger info`.
pub fn info(hello: &Hello, as_json: bool, output: &mut Output) -> anyhow::Result<()> {
    if as_json {
        return output.json(hello);
    }
    let [major, minor, patch] = hello.fw;
    writeln!(output, "firmware       {major}.{minor}.{patch}")?;
    writeln!(
        output,
        "protocol       {}.{}",
        hello.proto_major, hello.proto_minor
    )?;
    writeln!(output, "model format   {}", hello.model_format)?;
    writeln!(output, "serial number  {}", hello.serial)?;
    Ok(())
}

/// `logger now`.
pub fn now(now: &Now, layers: &[String], as_json: bool, output: &mut Output) -> anyhow::Result<()> {
    if as_json {
        return output.json(now);
    }
    writeln!(
        output,
        "{} UTC, air pressure {} kPa",
        time_text(now.unix_s),
        metres(now.barometer_kpa)
    )?;
    let mut table = table(&["layer", "raw", "level m", "quality"]);
    for (layer, reading) in layers.iter().zip(&now.channels) {
        table.add_row([
            layer.clone(),
            metres(reading.raw),
            metres(reading.level_m),
            quality_or_good(reading.quality),
        ]);
    }
    writeln!(output, "{}", table.trim_fmt())?;
    Ok(())
}
