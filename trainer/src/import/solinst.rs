//! XLE and CSV files of Solinst Leveloggers.
//!
//! XLE is XML: `Ch1_data_header` names the quantity and its unit, `Data` holds one `Log` for each reading. The CSV has the same heads as lines of a name and a
//! value each, then a line `Date,Time,ms,LEVEL,TEMPERATURE`. Layout: Solinst Levelogger User Guide 4, section "Exporting data"; both hold the water above the
//! transducer, and air pressure with it unless it was taken off.

use super::stamp::Dates;
use super::{
    AIR, DateOrder, ImportError, Imported, LengthUnit, Options, Quantity, Stamp, Terms,
    WrittenLevel,
    text::{Text, fields, number},
};

pub(super) fn read_xle(text: &Text, options: &Options) -> Result<Imported, ImportError> {
    let document = roxmltree::Document::parse(text.all()).map_err(|error| {
        text.malformed(
            u64::from(error.pos().row),
            &error.to_string(),
            "the XML of a Levelogger",
        )
    })?;
    let mut imported = Imported::default();
    let find = |name: &str| document.descendants().find(|node| node.has_tag_name(name));
    let inner = |node: roxmltree::Node, name: &str| {
        let child = node.children().find(|child| child.has_tag_name(name));
        child
            .and_then(|child| child.text())
            .unwrap_or("")
            .trim()
            .to_owned()
    };
    let header = find("Ch1_data_header")
        .ok_or_else(|| text.malformed(1, "no Ch1_data_header", "the XML of a Levelogger"))?;
    let unit_text = inner(header, "Unit");
    let unit = LengthUnit::parse(&unit_text)
        .ok_or_else(|| text.malformed(1, &unit_text, "a unit of length or pressure"))?;
    let series = find("Instrument_info_data_header")
        .map_or_else(String::new, |node| inner(node, "Location"));
    for log in document
        .descendants()
        .filter(|node| node.has_tag_name("Log"))
    {
        let row = document.text_pos_at(log.range().start).row;
        let written = format!("{} {}", inner(log, "Date"), inner(log, "Time"));
        let stamp = Stamp::iso(&written)
            .ok_or_else(|| text.malformed(u64::from(row), &written, "a date and time"))?;
        let cell = inner(log, "ch1");
        add(
            text,
            u64::from(row),
            (&series, stamp, &cell),
            unit,
            &mut imported,
            options,
        )?;
    }
    Ok(imported)
}

pub(super) fn read_csv(text: &Text, options: &Options) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    let mut unit = LengthUnit::M;
    let mut series = String::new();
    let mut level = None;
    let dates = Dates::new(options.date_order, DateOrder::MonthFirst);
    let mut lines = text.lines().peekable();
    while let Some((number, line)) = lines.next() {
        let cells = fields(line, ',');
        let first = cells[0].trim_end_matches(':').to_lowercase();
        if let Some(column) = level {
            if line.trim().is_empty() {
                continue;
            }
            let written = format!("{} {}", cells[0], cells.get(1).map_or("", String::as_str));
            let stamp = dates.read(text, number, written.trim())?;
            let cell = cells.get(column).map_or("", String::as_str);
            add(
                text,
                number,
                (&series, stamp, cell),
                unit,
                &mut imported,
                options,
            )?;
        } else if first == "date" {
            let is_level = |name: &String| name.eq_ignore_ascii_case("level");
            level = Some(
                cells
                    .iter()
                    .position(is_level)
                    .ok_or_else(|| ImportError::Column {
                        path: text.path().to_owned(),
                        what: "no column LEVEL".to_owned(),
                        found: crate::table::listed(&cells),
                    })?,
            );
        } else if first == "location" {
            if let Some((_, value)) = lines.peek() {
                series.clone_from(&fields(value, ',')[0]);
            }
        } else if let Some((_, written)) = line.split_once("UNIT:") {
            unit = LengthUnit::parse(written)
                .ok_or_else(|| text.malformed(number, written, "a unit of length or pressure"))
                .or_else(|error| {
                    if level_unit_is_past(&imported) {
                        Ok(unit)
                    } else {
                        Err(error)
                    }
                })?;
        } else if first == "temperature" {
            // The unit below belongs to the temperature.
            lines.next();
        }
    }
    Ok(imported)
}

/// Whether readings were taken already, so that a unit is none of theirs.
fn level_unit_is_past(imported: &Imported) -> bool {
    imported.taken() > 0
}

fn add(
    text: &Text,
    line: u64,
    (series, stamp, cell): (&str, Stamp, &str),
    unit: LengthUnit,
    imported: &mut Imported,
    options: &Options,
) -> Result<(), ImportError> {
    let value =
        number(cell).map_err(|_| text.malformed(line, cell, "a number or an empty field"))?;
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
