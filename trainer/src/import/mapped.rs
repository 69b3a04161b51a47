//! A CSV that no reader knows, read by a small mapping file.
//!
//! ```toml
//! separator = ";"
//! decimal = ","
//! date_format = "%d-%m-%Y"
//! quantity = "level"          # or "depth", "submergence"
//! unit = "cm"
//! zero_m = 0.0                # height of the zero above the datum, m
//! no_data = ["-9999"]
//! [columns]
//! date = "Peildatum"
//! value = "Stand (cm t.o.v. NAP)"
//! time = "Tijd"               # may be missing
//! series = "Filternummer"     # may be missing
//! approval = "Status"         # may be missing
//! ```
//! Lines before the one that holds the names of all these columns are passed over.

use std::path::Path;

use jiff::civil::{Date, DateTime, Time};
use serde::Deserialize;

use super::{
    ImportError, Imported, LengthUnit, Options, Quantity, Stamp, Terms, WrittenLevel,
    text::{Text, fields, number},
};
use crate::config::mistake;
use crate::table::quoted;

/// How to read a CSV.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    #[serde(default = "comma")]
    separator: char,
    #[serde(default = "point")]
    decimal: char,
    date_format: Option<String>,
    #[serde(default = "level")]
    quantity: Quantity,
    unit: LengthUnit,
    zero_m: Option<f64>,
    #[serde(default)]
    no_data: Vec<String>,
    columns: Columns,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Columns {
    date: String,
    value: String,
    time: Option<String>,
    series: Option<String>,
    approval: Option<String>,
}

fn comma() -> char {
    ','
}

fn point() -> char {
    '.'
}

fn level() -> Quantity {
    Quantity::Level
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// When it cannot be read or is no mapping.
    pub fn read(path: &Path) -> Result<Self, ImportError> {
        Self::parse(&fs_err::read_to_string(path)?, path)
    }

    /// Reads the text of a mapping file; `path` is for messages.
    ///
    /// # Errors
    /// When it is no mapping.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ImportError> {
        toml::from_str(text).map_err(|error| {
            let (line, message) = mistake(text, &error);
            ImportError::Mapping {
                path: path.to_owned(),
                line,
                message,
            }
        })
    }
}

/// Places of the columns.
struct Places {
    date: usize,
    value: usize,
    time: Option<usize>,
    series: Option<usize>,
    approval: Option<usize>,
    count: usize,
}

impl Places {
    fn find(cells: &[String], columns: &Columns) -> Option<Self> {
        let find = |name: &String| cells.iter().position(|cell| cell == name);
        let may = |name: &Option<String>| match name {
            Some(name) => find(name).map(Some),
            None => Some(None),
        };
        Some(Self {
            date: find(&columns.date)?,
            value: find(&columns.value)?,
            time: may(&columns.time)?,
            series: may(&columns.series)?,
            approval: may(&columns.approval)?,
            count: cells.len(),
        })
    }
}

pub(super) fn read(
    text: &Text,
    mapping: &Mapping,
    options: &Options,
) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    let terms = Terms {
        quantity: mapping.quantity,
        unit: mapping.unit,
        zero_m: mapping.zero_m.unwrap_or(options.zero_m),
    };
    let mut places: Option<Places> = None;
    for (line, row) in text.lines() {
        let cells = fields(row, mapping.separator);
        let Some(places) = &places else {
            places = Places::find(&cells, &mapping.columns);
            continue;
        };
        if cells.iter().all(String::is_empty) {
            continue;
        }
        if cells.len() < places.count {
            let expected = format!("{} fields as in the line of column names", places.count);
            return Err(text.malformed(line, row, expected));
        }
        let clock = places.time.map_or("", |time| &cells[time]);
        let written = format!("{} {clock}", cells[places.date]);
        let stamp = stamp(written.trim(), mapping.date_format.as_deref()).ok_or_else(|| {
            text.malformed(
                line,
                written.trim(),
                "a date as date_format of the mapping says",
            )
        })?;
        let cell = &cells[places.value];
        if mapping.no_data.contains(cell) {
            imported.leave_out("no_data");
            continue;
        }
        let value = number(&cell.replace(mapping.decimal, "."))
            .map_err(|_| text.malformed(line, cell, "a number or an empty field"))?;
        let level = WrittenLevel {
            approval: places
                .approval
                .map_or_else(String::new, |place| cells[place].clone()),
            ..WrittenLevel::new(stamp, value)
        };
        let series = places.series.map_or("", |place| &cells[place]);
        imported.add(series, terms, level);
    }
    if places.is_none() {
        return Err(ImportError::Column {
            path: text.path().to_owned(),
            what: format!(
                "found no line with the columns of the mapping, such as \"{}\" and \"{}\"",
                quoted(mapping.columns.date.as_bytes()),
                quoted(mapping.columns.value.as_bytes())
            ),
            found: "none; check separator and names".to_owned(),
        });
    }
    if imported.taken() == 0 {
        return Err(ImportError::Nothing {
            path: text.path().to_owned(),
        });
    }
    Ok(imported)
}

fn stamp(written: &str, format: Option<&str>) -> Option<Stamp> {
    let Some(format) = format else {
        return Stamp::iso(written);
    };
    let time = DateTime::strptime(format, written).or_else(|_| {
        Date::strptime(format, written).map(|date| date.to_datetime(Time::midnight()))
    });
    Some(Stamp {
        time: time.ok()?,
        offset_minutes: None,
    })
}
