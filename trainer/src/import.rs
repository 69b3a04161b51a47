//! Other programs' files as measurements of a site.
//!
//! A file's format is found by its first bytes ([`Format`]); each format has a reader of its own, written from its published description. Readers take what
//! they understand, say what they converted, and count what they left out. Times with an offset from UTC stay instants: the configuration's `utc_offset`
//! makes them times of the site.

mod error;
mod in_situ;
mod mapped;
mod nwis_json;
mod ogc;
mod points;
mod rdb;
mod site;
mod solinst;
mod stamp;
mod tenv3;
mod text;
mod toa5;
mod unit;
mod usgs;
mod van_essen;

use std::collections::BTreeMap;
use std::path::Path;

pub use error::ImportError;
pub use mapped::Mapping;
pub use points::{KEPT_M, PointsTaken, View, write_points};
pub use site::{Target, Written, write};
pub use stamp::{DateOrder, Stamp};
pub use unit::{LengthUnit, Quantity};

use crate::format::{FIRST_BYTES, Format};
use crate::geodesy::Position;
use crate::level::isolated_markers;
use text::Text;

/// Largest file of levels or of one station, bytes: a century of readings each minute is half of it.
const MAX_FILE_BYTES: u64 = 4 << 30;

/// A number that looks like "no reading" is none if it lies within this of a neighbour, in the unit of its file.
const CLOSE: f64 = 1.0;

/// What holds of numbers of an absolute transducer.
const AIR: &str = "air pressure must have been taken off (barometric compensation)";

/// What the caller knows beside the files.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Height above the datum, m, of the point from which the file's values count: the measuring point of depths, the transducer of submergences.
    pub zero_m: f64,
    /// The column of the level, where a file has several.
    pub column: Option<String>,
    /// Order of day and month in dates such as 03/04/2012, where a format leaves it open.
    pub date_order: Option<DateOrder>,
    /// How to read a CSV that no reader knows.
    pub mapping: Option<Mapping>,
}

/// What a file holds for a site.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// Levels of each series, by the name that the file gives it: a site number, a channel, a filter.
    pub levels: BTreeMap<String, Vec<Level>>,
    /// Cumulative subsidence, mm, down +.
    pub subsidence: Vec<(Stamp, f64)>,
    /// Where the series was measured, where the file states it.
    pub position: Option<Position>,
    /// What was converted, in words.
    pub converted: Vec<String>,
    /// Rows that were left out, by reason.
    pub left_out: BTreeMap<String, u64>,
}

/// One level.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// When.
    pub stamp: Stamp,
    /// Metres above the datum, up +.
    pub level_m: f64,
    /// The number that the file states.
    pub written: f64,
    /// Of how many days it is the mean, if it is one of several.
    pub days: Option<u8>,
    /// The agency's word on whether it was checked; empty where it says nothing.
    pub approval: String,
}

/// What the numbers of a file mean.
#[derive(Clone, Copy)]
struct Terms {
    quantity: Quantity,
    unit: LengthUnit,
    /// As in [`Options`].
    zero_m: f64,
}

/// A level as its file states it.
struct WrittenLevel {
    stamp: Stamp,
    /// `None` where the file has a time and no value.
    value: Option<f64>,
    /// Of how many days it is the mean, if it is one of several.
    days: Option<u8>,
    approval: String,
}

impl WrittenLevel {
    /// One of which nothing else is known.
    fn new(stamp: Stamp, value: Option<f64>) -> Self {
        Self {
            stamp,
            value,
            days: None,
            approval: String::new(),
        }
    }
}

impl Imported {
    /// Number of levels and readings of the ground.
    pub fn taken(&self) -> usize {
        self.levels.values().map(Vec::len).sum::<usize>() + self.subsidence.len()
    }

    fn set_place(&mut self, longitude: f64, latitude: f64) {
        self.position = Some(Position::Geographic {
            longitude,
            latitude,
        });
    }

    fn leave_out(&mut self, reason: impl Into<String>) {
        *self.left_out.entry(reason.into()).or_default() += 1;
    }

    fn convert(&mut self, how: impl Into<String>) {
        let how = how.into();
        if !self.converted.contains(&how) {
            self.converted.push(how);
        }
    }

    /// Leaves numbers as the file states them that look like "no reading" beside their neighbours, so that reading the site refuses them by their name until
    /// its configuration names them; converted they would be a level like any other.
    fn keep_markers(&mut self) {
        let mut kept = Vec::new();
        for levels in self.levels.values_mut() {
            let written: Vec<f64> = levels.iter().map(|level| level.written).collect();
            for place in isolated_markers(&written, CLOSE) {
                levels[place].level_m = written[place];
                kept.push(written[place]);
            }
        }
        if let Some(first) = kept.first() {
            self.convert(format!(
                "{} numbers such as {first} look like \"no reading\" and stay as they are: name them in no_data of [data]",
                kept.len()
            ));
        }
    }

    /// Takes a level of a series as a level above the datum; one without a value is counted as left out.
    fn add(&mut self, series: &str, terms: Terms, level: WrittenLevel) {
        let Terms {
            quantity,
            unit,
            zero_m,
        } = terms;
        let Some(written) = level.value else {
            self.leave_out("without a value");
            return;
        };
        self.convert(quantity.in_words(unit, zero_m));
        let level = Level {
            stamp: level.stamp,
            level_m: quantity.level_m(written, unit, zero_m),
            written,
            days: level.days,
            approval: level.approval,
        };
        match self.levels.get_mut(series) {
            Some(levels) => levels.push(level),
            None => {
                self.levels.insert(series.to_owned(), vec![level]);
            }
        }
    }
}

/// The format of a file, by its first bytes.
///
/// # Errors
/// When it cannot be read.
pub fn format_of(path: &Path) -> Result<Option<Format>, ImportError> {
    use std::io::Read as _;
    let mut first = Vec::new();
    let file = fs_err::File::open(path)?;
    file.take(FIRST_BYTES as u64).read_to_end(&mut first)?;
    Ok(Format::of(&first))
}

/// Reads a file of levels or of a GNSS station.
///
/// # Errors
/// When the file cannot be read, its format is unknown, or it is malformed.
pub fn read(path: &Path, options: &Options) -> Result<Imported, ImportError> {
    let length = fs_err::metadata(path)?.len();
    if length > MAX_FILE_BYTES {
        return Err(ImportError::TooLarge {
            path: path.to_owned(),
        });
    }
    read_bytes(&fs_err::read(path)?, path, options)
}

/// Reads the bytes of such a file; `path` is for messages.
///
/// # Errors
/// As [`read`].
pub fn read_bytes(bytes: &[u8], path: &Path, options: &Options) -> Result<Imported, ImportError> {
    let text = Text::new(bytes, path);
    let first = text.first_bytes();
    if let Some(mapping) = &options.mapping {
        let mut imported = mapped::read(&text, mapping, options)?;
        imported.keep_markers();
        return Ok(imported);
    }
    let mut imported = match Format::of(first.as_bytes()) {
        Some(Format::Toa5) => toa5::read(&text, options),
        Some(Format::Rdb) => rdb::read(&text, options),
        Some(Format::NwisJson) => nwis_json::read(&text, options),
        Some(Format::OgcGeoJson) => ogc::read_geojson(&text, options),
        Some(Format::OgcCsv) => ogc::read_csv(&text, options),
        Some(Format::Tenv3) => tenv3::read(&text),
        Some(Format::SolinstXle) => solinst::read_xle(&text, options),
        Some(Format::SolinstCsv) => solinst::read_csv(&text, options),
        Some(Format::VanEssenMon) => van_essen::read(&text, options),
        Some(Format::InSituCsv) => in_situ::read(&text, options),
        Some(format) => Err(ImportError::NotRead {
            path: path.to_owned(),
            format,
        }),
        None => Err(ImportError::Unknown {
            path: path.to_owned(),
        }),
    }?;
    imported.keep_markers();
    if text.is_latin_1() {
        imported.convert("text that is not UTF-8 was read as Latin-1");
    }
    if imported.taken() == 0 {
        return Err(ImportError::Nothing {
            path: path.to_owned(),
        });
    }
    Ok(imported)
}

#[cfg(test)]
mod tests;
