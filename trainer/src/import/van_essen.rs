//! MON files of Van Essen Divers (Diver-Office).
//!
//! Sections in brackets, `[Channel 1]` with its quantity and unit, then `[Data]`: the number of readings and one line for each, `2011/07/27 10:00:00.0 1023.5
//! 14.1`, up to `END OF DATA FILE`. Layout: Diver-Office manual, appendix "MON file format". Channel 1 is the pressure as a column of water, air pressure
//! included unless it was taken off.

use super::{
    AIR, ImportError, Imported, LengthUnit, Options, Quantity, Stamp, Terms, WrittenLevel,
    text::Text, text::number,
};

pub(super) fn read(text: &Text, options: &Options) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    let mut section = String::new();
    let mut series = String::new();
    let mut unit = None;
    let mut awaits_count = false;
    for (line, row) in text.lines() {
        let row = row.trim();
        if row.is_empty() {
            continue;
        }
        if row.to_uppercase().starts_with("END OF DATA") {
            break;
        }
        if let Some(name) = row.strip_prefix('[').and_then(|row| row.split(']').next()) {
            section = name.trim().to_lowercase();
            awaits_count = section == "data";
            continue;
        }
        if section == "data" {
            if awaits_count {
                awaits_count = false;
                if row.bytes().all(|byte| byte.is_ascii_digit()) {
                    continue;
                }
            }
            let unit = unit.ok_or_else(|| {
                text.malformed(line, row, "the unit of channel 1 before the data")
            })?;
            add(text, line, row, (&series, unit), &mut imported, options)?;
            continue;
        }
        let Some((name, value)) = row.split_once('=') else {
            continue;
        };
        match name.trim().to_lowercase().as_str() {
            "location" => value.trim().clone_into(&mut series),
            "reference level" | "range" if section == "channel 1" && unit.is_none() => {
                let written = value.split_whitespace().last().unwrap_or_default();
                unit = LengthUnit::parse(written);
            }
            _ => {}
        }
    }
    Ok(imported)
}

fn add(
    text: &Text,
    line: u64,
    row: &str,
    (series, unit): (&str, LengthUnit),
    imported: &mut Imported,
    options: &Options,
) -> Result<(), ImportError> {
    let mut parts = row.split_whitespace();
    let written = format!(
        "{} {}",
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default()
    );
    let stamp = Stamp::iso(&written)
        .ok_or_else(|| text.malformed(line, &written, "a time such as 2011/07/27 10:00:00.0"))?;
    let cell = parts.next().unwrap_or_default().replace(',', ".");
    let value = number(&cell).map_err(|_| text.malformed(line, &cell, "a number"))?;
    let terms = Terms {
        quantity: Quantity::Submergence,
        unit,
        zero_m: options.zero_m,
    };
    imported.add(series, terms, WrittenLevel::new(stamp, value));
    if value.is_some() {
        imported.convert(AIR);
    }
    Ok(())
}
