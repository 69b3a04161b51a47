//! The closed months of a logger as a `levels.csv`: as it closed them, or with the drift of its sensors taken off.

use std::io::Write;

use amlstm_core::drift::{CorrectedMonth, Correction, Drift};
use amlstm_core::link::{ChannelConfig, Event, MonthLevel, MonthRecord, Sample};
use jiff::{Timestamp, tz::TimeZone};

use super::download::Download;
use super::words::month_text;

/// One layer in one month.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelOfMonth {
    /// Months since 0000-01.
    pub month_index: i32,
    /// Name of the aquifer layer.
    pub aquifer_layer: String,
    /// Mean in metres above the datum; `None` without a usable reading.
    pub mean_m: Option<f32>,
    /// Days with a usable reading.
    pub days: u8,
    /// What was done about the sensor's drift.
    pub correction: Correction,
}

/// Every closed month as the logger closed it.
pub fn levels(download: &Download) -> Vec<LevelOfMonth> {
    every_month(download, |_, _, level| (level.mean_m, Correction::None))
}

/// Every closed month with the drift of its sensors taken off, from the kept samples. `events` are the logger's, and its time is so many minutes ahead of UTC.
///
/// A month is summed up from its samples as the logger did it; only where that gives the logger's mean, bit for bit, is it summed up again with corrected levels.
pub fn corrected_levels(
    download: &Download,
    events: &[Event],
    utc_offset_minutes: i16,
) -> Vec<LevelOfMonth> {
    let mut first_sample = 0;
    let mut month_before = i32::MIN;
    let mut samples: Vec<(u8, &Sample)> = Vec::new();
    every_month(download, |channel, record, level| {
        if record.month_index != month_before {
            month_before = record.month_index;
            let of_month =
                |sample: &&Sample| (first_sample..record.next_sample).contains(&sample.number);
            samples = download
                .samples
                .iter()
                .filter(of_month)
                .filter_map(|sample| {
                    let (month_index, day) = site_day(sample.unix_s, utc_offset_minutes)?;
                    (month_index == record.month_index).then_some((day, sample))
                })
                .collect();
            first_sample = record.next_sample;
        }
        corrected(channel, record.month_index, level, &samples, events)
    })
}

/// A month's mean without the drift.
fn corrected(
    channel: usize,
    month_index: i32,
    level: &MonthLevel,
    samples: &[(u8, &Sample)],
    events: &[Event],
) -> (Option<f32>, Correction) {
    let mut drift = Drift::of_month(channel as u8, month_index);
    for event in events {
        drift.take(event.unix_s, &event.kind);
    }
    let mut month = CorrectedMonth::default();
    for (day, sample) in samples {
        if let Some(reading) = sample.channels.get(channel) {
            month.add(*day, reading, drift.correction_m(sample.unix_s));
        }
    }
    month.mean(level.mean_m, level.days)
}

fn every_month(
    download: &Download,
    mut mean: impl FnMut(usize, &MonthRecord, &MonthLevel) -> (Option<f32>, Correction),
) -> Vec<LevelOfMonth> {
    let mut levels = Vec::new();
    for (record, _) in &download.months {
        let channels = download.channels.iter().zip(&record.channels);
        for (channel, (ChannelConfig { aquifer_layer, .. }, level)) in channels.enumerate() {
            let (mean_m, correction) = mean(channel, record, level);
            levels.push(LevelOfMonth {
                month_index: record.month_index,
                aquifer_layer: aquifer_layer.to_string(),
                mean_m,
                days: level.days,
                correction,
            });
        }
    }
    levels
}

/// Month, in months since 0000-01, and day of the month at a site.
fn site_day(unix_s: u32, utc_offset_minutes: i16) -> Option<(i32, u8)> {
    let site_s = i64::from(unix_s) + 60 * i64::from(utc_offset_minutes);
    let date = Timestamp::from_second(site_s)
        .ok()?
        .to_zoned(TimeZone::UTC)
        .date();
    let month_index = i32::from(date.year()) * 12 + i32::from(date.month()) - 1;
    Some((month_index, date.day().unsigned_abs()))
}

/// Writes levels of a well as a `levels.csv` with the days of each mean, and what was added to it where corrections were wanted.
///
/// # Errors
///
/// What `out` says.
pub fn write_levels(well: &str, levels: &[LevelOfMonth], out: impl Write) -> csv::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    let with_corrections = levels
        .iter()
        .any(|level| level.correction != Correction::None);
    let mut header = vec!["well", "layer", "date", "level_m", "days"];
    if with_corrections {
        header.push("tape_correction_m");
    }
    writer.write_record(&header)?;
    for level in levels {
        let date = format!("{}-15", month_text(level.month_index));
        let mean_m = level
            .mean_m
            .map_or_else(String::new, |mean_m| mean_m.to_string());
        let mut row = vec![
            well.to_owned(),
            level.aquifer_layer.clone(),
            date,
            mean_m,
            level.days.to_string(),
        ];
        if with_corrections {
            row.push(match level.correction {
                Correction::Added(added_m) => format!("{added_m:.4}"),
                _ => String::new(),
            });
        }
        writer.write_record(row)?;
    }
    writer.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests;
