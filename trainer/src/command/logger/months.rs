//! `amlstm logger months`: closed months with their levels and estimates.

use amlstm::logger::{Download, month_text};
use amlstm_core::link::{MonthLevel, Quality};

use super::estimate::input_flags;
use super::json;
use super::layers::LayersOf;
use super::show::{metres, table};
use crate::command::output::Output;

/// `logger months`.
pub fn show(
    download: &Download,
    layers: &LayersOf,
    as_json: bool,
    output: &mut Output,
) -> anyhow::Result<()> {
    if as_json {
        return output.json(&json::months(download, layers));
    }
    if download.status.synthetic {
        writeln!(
            output,
            "SYNTHETIC levels: computed by the firmware, not measured"
        )?;
    }
    if layers.synthetic {
        writeln!(output, "SYNTHETIC model: trained on synthetic data")?;
    }
    let mut header = vec!["month".to_owned()];
    header.extend(
        download
            .channels
            .iter()
            .map(|channel| format!("{} m", channel.aquifer_layer)),
    );
    header.extend(["increment mm", "subsidence mm", "flags"].map(str::to_owned));
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut table = table(&header);
    for (record, estimate) in &download.months {
        let mut row = vec![month_text(record.month_index)];
        row.extend(record.channels.iter().map(month_level));
        match estimate {
            Some(estimate) => {
                row.push(format!("{:.2}", estimate.increment_mm));
                row.push(format!("{:.2}", estimate.subsidence_mm));
                row.push(input_flags(estimate, layers).join("; "));
            }
            None => row.extend(["-", "-", "no model then"].map(str::to_owned)),
        }
        table.add_row(row);
    }
    writeln!(output, "{}", table.trim_fmt())?;
    let marked = |mark| {
        let mut levels = download
            .months
            .iter()
            .flat_map(|(record, _)| &record.channels);
        levels.any(|level| month_level(level).ends_with(mark))
    };
    for (mark, meaning) in [
        ('*', "fewer than 80 % of the month's days were read"),
        ('?', "clock not set since power loss"),
    ] {
        if marked(mark) {
            writeln!(output, "{mark} {meaning}")?;
        }
    }
    Ok(())
}

/// The mean of a month, marked as the console marks it.
fn month_level(level: &MonthLevel) -> String {
    let mark = if !level.complete {
        "*"
    } else if level.quality.has(Quality::CLOCK_UNSURE) {
        "?"
    } else {
        ""
    };
    format!("{}{mark}", metres(level.mean_m))
}
