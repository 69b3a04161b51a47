//! A row of `levels.csv`, and where its fields are.

use jiff::civil::DateTime;

use super::ReadError;
use super::layers::LayerIndex;
use crate::{
    level::{LevelReading, MAX_LEVEL_M},
    table::{Cell, Column, Conventions, Row, Table},
};

/// Where the fields of a level are.
#[derive(Clone)]
pub struct Columns {
    layer: Column,
    date: Column,
    pub level: LevelColumn,
    days: Option<Column>,
    approval: Option<Column>,
    conventions: Conventions,
}

/// How a file states the level.
#[derive(Clone, Copy)]
pub enum LevelColumn {
    /// `level_m`: metres above the datum.
    Level(Column),
    /// `depth_to_water_m` below a measuring point, and that point's height above the datum.
    Depth {
        depth: Column,
        measuring_point: Column,
    },
}

impl LevelColumn {
    pub fn find(table: &Table) -> Result<Self, ReadError> {
        match (table.find("level_m"), table.find("depth_to_water_m")) {
            (Some(level), None) => Ok(Self::Level(level)),
            (None, Some(depth)) => Ok(Self::Depth {
                depth,
                measuring_point: table.column("measuring_point_m")?,
            }),
            (Some(_), Some(_)) => Err(ReadError::TwoLevelColumns {
                path: table.path().to_owned(),
            }),
            (None, None) => Err(table.missing("level_m").into()),
        }
    }

    /// The column that is measured.
    pub fn column(self) -> Column {
        match self {
            Self::Level(column) | Self::Depth { depth: column, .. } => column,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Level(_) => "level_m",
            Self::Depth { .. } => "depth_to_water_m",
        }
    }

    /// A row's level above the datum, m, and the cell as it is written.
    pub fn read(self, row: &Row, conventions: &Conventions) -> Result<[Cell; 2], ReadError> {
        let (column, expected, limit) = match self {
            Self::Level(column) => (
                column,
                "metres or an empty field",
                "metres within 10 km of the datum; list a value for \"no reading\" in no_data of [data]",
            ),
            Self::Depth { depth, .. } => (
                depth,
                "metres below the measuring point or an empty field",
                "metres within 10 km of the measuring point; list a value for \"no reading\" in no_data of [data]",
            ),
        };
        let cell = row.measurement(column, conventions, expected)?;
        let Cell::Value(value) = cell else {
            return Ok([cell; 2]);
        };
        if value.abs() > MAX_LEVEL_M {
            return Err(row.wrong_field(column, limit).into());
        }
        let Self::Depth {
            measuring_point, ..
        } = self
        else {
            return Ok([cell; 2]);
        };
        let height_m = row.number(measuring_point, "metres above the datum")?;
        if height_m.abs() > MAX_LEVEL_M {
            return Err(row
                .wrong_field(measuring_point, "metres within 10 km of the datum")
                .into());
        }
        Ok([Cell::Value(height_m - value), cell])
    }
}

/// What a row of levels says.
pub struct LevelRow {
    pub layer: usize,
    pub time: DateTime,
    pub cell: Cell,
    /// The cell before it became a level.
    written: Cell,
    days: Option<u8>,
    pub is_approved: bool,
    pub line: u64,
}

impl LevelRow {
    pub fn reading(&self) -> Option<LevelReading> {
        let (level_m, written_m) = self.cell.value().zip(self.written.value())?;
        Some(LevelReading {
            time: self.time,
            level_m: level_m as f32,
            written_m: written_m as f32,
            days: self.days,
            line: self.line,
        })
    }
}

impl Columns {
    pub fn find(table: &Table, conventions: &Conventions) -> Result<Self, ReadError> {
        Ok(Self {
            layer: table.column("layer")?,
            date: table.column("date")?,
            level: LevelColumn::find(table)?,
            days: table.find("days"),
            approval: table.find("approval"),
            conventions: conventions.clone(),
        })
    }

    pub fn read(&self, row: &Row, layers: &mut LayerIndex) -> Result<LevelRow, ReadError> {
        let name = row.name(self.layer)?;
        let time = row.time(self.date, &self.conventions)?;
        let [cell, written] = self.level.read(row, &self.conventions)?;
        let days = match self.days {
            Some(column) => self.days(row, column)?,
            None => None,
        };
        let approval = self.approval.map(|column| row.text(column)).transpose()?;
        Ok(LevelRow {
            layer: layers.number(&name, row)?,
            time,
            cell,
            written,
            days,
            is_approved: approval.is_none_or(is_approved),
            line: row.line(),
        })
    }

    pub fn days(&self, row: &Row, column: Column) -> Result<Option<u8>, ReadError> {
        let expected = "days that the level is the mean of, 0 to 31, or an empty field";
        match row.measurement(column, &self.conventions, expected)? {
            Cell::Value(days) if (0.0..=31.0).contains(&days) && days.fract() == 0.0 => {
                Ok(Some(days as u8).filter(|days| *days > 0))
            }
            Cell::Value(_) => Err(row.wrong_field(column, expected).into()),
            _ => Ok(None),
        }
    }
}

/// Whether an agency's flag says that a value was checked: `A` or `Approved`, with or without more flags.
fn is_approved(flag: &str) -> bool {
    let first = flag.split([',', ' ', '[', ':']).next().unwrap_or_default();
    first.eq_ignore_ascii_case("a") || first.eq_ignore_ascii_case("approved")
}
