//! Writes what was imported as the files of a site.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use super::{ImportError, Imported};
use crate::geodesy::Position;
use crate::table::Table;
use crate::whole_file::{filled, name};

/// Where measurements go.
pub struct Target<'a> {
    /// The site folder.
    pub site: &'a Path,
    /// Id of the well.
    pub well: &'a str,
    /// Name of the aquifer layer for all series; without it each series is a layer of its own name.
    pub layer: Option<&'a str>,
    /// Name of a series that the file does not name.
    pub unnamed: &'a str,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Layers with their number of levels.
    pub layers: Vec<(String, usize)>,
    /// Readings of the ground.
    pub subsidence: usize,
    /// Rows that the site's files have already.
    pub already_there: usize,
}

const LEVELS: &str = "well,layer,date,level_m,days,approval";
const SUBSIDENCE: &str = "well,date,subsidence_mm";

/// Adds what was imported to the files of a site, which are made if they are missing; rows that are there already are not written again.
///
/// # Errors
/// When a file cannot be read or written, or has other columns than these.
pub fn write(imported: &Imported, target: &Target) -> Result<Written, ImportError> {
    fs_err::create_dir_all(target.site)?;
    let mut written = Written::default();
    let mut levels = String::new();
    for (series, of_series) in &imported.levels {
        let series = if series.is_empty() {
            target.unnamed
        } else {
            series
        };
        let layer = target.layer.unwrap_or(series);
        written.layers.push((layer.to_owned(), of_series.len()));
        for level in of_series {
            let days = level.days.map_or_else(String::new, |days| days.to_string());
            writeln!(
                levels,
                "{},{},{},{},{days},{}",
                quoted(target.well),
                quoted(layer),
                level.stamp,
                rounded(level.level_m),
                quoted(&level.approval)
            )
            .expect("a string grows");
        }
    }
    let mut subsidence = String::new();
    for (stamp, subsidence_mm) in &imported.subsidence {
        let value = rounded(*subsidence_mm);
        writeln!(subsidence, "{},{stamp},{value}", quoted(target.well)).expect("a string grows");
    }
    written.subsidence = imported.subsidence.len();
    written.already_there = append(&target.site.join("levels.csv"), LEVELS, &levels)?
        + append(&target.site.join("subsidence.csv"), SUBSIDENCE, &subsidence)?;
    add_well(target, imported.position)?;
    Ok(written)
}

/// A value with a tenth of a millimetre at most: conversions leave digits that nobody measured.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// A field of a CSV.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!(
            "\"{}\"",
            field.replace('"', "\"\"").replace(['\n', '\r'], " ")
        )
    } else {
        field.to_owned()
    }
}

/// Adds rows to a file that has the same columns, or makes it; gives how many were there already.
fn append(path: &Path, header: &str, rows: &str) -> Result<usize, ImportError> {
    if rows.is_empty() {
        return Ok(0);
    }
    let mut text = if path.exists() {
        fs_err::read_to_string(path)?
    } else {
        format!("{header}\n")
    };
    let found = text.lines().next().unwrap_or_default();
    if found.trim_start_matches('\u{feff}') != header {
        return Err(ImportError::Column {
            path: path.to_owned(),
            what: format!("expected the columns {header} to add to"),
            found: crate::table::quoted(found.as_bytes()),
        });
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let known: HashSet<&str> = text.lines().collect();
    let new: String = rows
        .lines()
        .filter(|row| !known.contains(row))
        .map(|row| format!("{row}\n"))
        .collect();
    let there = rows.lines().count() - new.lines().count();
    text.push_str(&new);
    write_whole(path, &text)?;
    Ok(there)
}

/// Adds the well to `wells.csv` unless it is there.
fn add_well(target: &Target, position: Option<Position>) -> Result<(), ImportError> {
    let path = target.site.join("wells.csv");
    if !path.exists() {
        let (columns, place) = match position {
            Some(Position::Geographic {
                longitude,
                latitude,
            }) => (",longitude,latitude", format!(",{longitude},{latitude}")),
            Some(Position::Planar { easting, northing }) => {
                (",easting,northing", format!(",{easting},{northing}"))
            }
            None => ("", String::new()),
        };
        let well = quoted(target.well);
        return write_whole(
            &path,
            &format!("well,name{columns}\n{well},{well}{place}\n"),
        );
    }
    let mut table = Table::open(&path, "well, name")?;
    let column = table.column("well")?;
    while let Some(row) = table.next_row()? {
        if row.name(column)? == target.well {
            return Ok(());
        }
    }
    let mut cells = Vec::new();
    for name in table.columns() {
        cells.push(match (name.as_str(), position) {
            ("well" | "name", _) => quoted(target.well),
            ("longitude", Some(Position::Geographic { longitude, .. })) => longitude.to_string(),
            ("latitude", Some(Position::Geographic { latitude, .. })) => latitude.to_string(),
            ("easting", Some(Position::Planar { easting, .. })) => easting.to_string(),
            ("northing", Some(Position::Planar { northing, .. })) => northing.to_string(),
            ("longitude" | "latitude" | "easting" | "northing", _) => {
                return Err(ImportError::Column {
                    path,
                    what: format!(
                        "well {} is not there and its position not known: add its row first",
                        target.well
                    ),
                    found: crate::table::listed(table.columns()),
                });
            }
            _ => String::new(),
        });
    }
    let mut text = fs_err::read_to_string(&path)?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    writeln!(text, "{}", cells.join(",")).expect("a string grows");
    write_whole(&path, &text)
}

/// Writes a file beside its place and renames it, so that a full disk leaves the old one.
fn write_whole(path: &Path, text: &str) -> Result<(), ImportError> {
    let written = filled(path, text.as_bytes()).and_then(|file| name(file, path));
    written.map_err(|error| {
        io::Error::new(error.kind(), format!("{}: {error}", path.display())).into()
    })
}
