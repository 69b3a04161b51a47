//! `levels.csv`: water levels of any sampling, and `layers.csv`, the order of the aquifer layers.

use std::{collections::BTreeMap, path::Path};

use amlstm_core::artifact::MAX_NAME_BYTES;
use amlstm_core::month::Month;
use amlstm_core::month_mean::{MonthDefinition, MonthMean, MonthRule};
use jiff::civil::{Date, DateTime};

use super::{ReadError, WellIndex, rows::RowsByWell};
use crate::{
    level::{LayerReadings, LeftOut, LevelReading, MAX_LEVEL_M, MonthlyLevels},
    table::{
        Cell, Column, Conventions, NoData, Place, Row, Table, is_usual_marker, listed, month_of,
    },
};

/// Names of the aquifer layers in the order of the inputs.
#[derive(Clone)]
struct LayerIndex {
    names: Vec<String>,
    /// Layers that are not there yet are an error, not new.
    complete: bool,
    /// Who names the layers, for messages.
    of: &'static str,
}

impl LayerIndex {
    fn number(&mut self, name: &str, row: &Row) -> Result<usize, ReadError> {
        match self.names.iter().position(|known| known == name) {
            Some(number) => Ok(number),
            None if self.complete => Err(ReadError::UnknownLayer {
                place: row.place(),
                layer: name.to_owned(),
                of: self.of,
                known: listed(&self.names),
            }),
            None => {
                check_length("layer", name, row)?;
                self.names.push(name.to_owned());
                Ok(self.names.len() - 1)
            }
        }
    }
}

/// Refuses a name that a model file cannot hold.
pub(super) fn check_length(column: &'static str, name: &str, row: &Row) -> Result<(), ReadError> {
    if name.len() > MAX_NAME_BYTES {
        return Err(ReadError::LongName {
            place: row.place(),
            column,
            name: name.to_owned(),
        });
    }
    Ok(())
}

/// Reads the order of the aquifer layers, from the top.
pub(super) fn read_order(path: &Path) -> Result<Vec<String>, ReadError> {
    let mut table = Table::open(path, "layer")?;
    let layer = table.column("layer")?;
    let mut names: Vec<String> = Vec::new();
    while let Some(row) = table.next_row()? {
        let name = row.name(layer)?;
        if names.iter().any(|known| *known == name) {
            return Err(row.refuse(layer, "every layer once").into());
        }
        check_length("layer", &name, &row)?;
        names.push(name.into_owned());
    }
    Ok(names)
}

/// An opened `levels.csv`.
pub(super) struct Levels {
    rows: RowsByWell,
    columns: Columns,
    /// All aquifer layers of the file.
    layers: LayerIndex,
    approved_only: bool,
}

impl Levels {
    /// Opens the file and checks every row.
    pub(super) fn open(
        path: &Path,
        wells: &WellIndex,
        order: Option<Vec<String>>,
        conventions: &Conventions,
        approved_only: bool,
    ) -> Result<Self, ReadError> {
        let table = Table::open(path, "well, layer, date, level_m")?;
        table.column("well")?;
        let columns = Columns::find(&table, conventions)?;
        let mut layers = LayerIndex {
            complete: order.is_some(),
            names: order.unwrap_or_default(),
            of: "layers.csv",
        };
        let measured = columns.level.column();
        let (rows, found) = RowsByWell::new(
            table,
            wells,
            measured,
            conventions,
            &layers,
            |layers, _, row| {
                let read = columns.read(row, layers)?;
                Ok(read.reading().map(|reading| super::rows::Measured {
                    series: read.layer,
                    time: reading.time,
                    is_suspect: is_usual_marker(f64::from(reading.written_m)),
                }))
            },
        )?;
        for name in found.into_iter().flat_map(|layers| layers.names) {
            if !layers.names.contains(&name) {
                layers.names.push(name);
            }
        }
        Ok(Self {
            rows,
            columns,
            layers,
            approved_only,
        })
    }

    /// Whether a well's levels must be read wholly to know that they are sound.
    pub(super) fn is_suspect(&self, well: usize) -> bool {
        self.rows.is_suspect(well)
    }

    /// All readings of a well by aquifer layer; layers without any level at the well are left out.
    pub(super) fn readings(&self, well: usize, id: &str) -> Result<Vec<LayerReadings>, ReadError> {
        let mut layers = self.layers.clone();
        let mut readings = Readings::new(self.approved_only);
        self.rows.read(well, |row| {
            readings.add(&self.columns.read(row, &mut layers)?);
            Ok(())
        })?;
        let column = self.columns.level.name();
        readings.by_layer((self.rows.path(), column), id, &self.layers.names)
    }
}

/// Where the fields of a level are.
#[derive(Clone)]
struct Columns {
    layer: Column,
    date: Column,
    level: LevelColumn,
    days: Option<Column>,
    approval: Option<Column>,
    conventions: Conventions,
}

/// How a file states the level.
#[derive(Clone, Copy)]
enum LevelColumn {
    /// `level_m`: metres above the datum.
    Level(Column),
    /// `depth_to_water_m` below a measuring point, and that point's height above the datum.
    Depth {
        depth: Column,
        measuring_point: Column,
    },
}

impl LevelColumn {
    fn find(table: &Table) -> Result<Self, ReadError> {
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
    fn column(self) -> Column {
        match self {
            Self::Level(column) | Self::Depth { depth: column, .. } => column,
        }
    }

    /// Its name.
    fn name(self) -> &'static str {
        match self {
            Self::Level(_) => "level_m",
            Self::Depth { .. } => "depth_to_water_m",
        }
    }

    /// A row's level above the datum, m, and the cell as it is written.
    fn read(self, row: &Row, conventions: &Conventions) -> Result<[Cell; 2], ReadError> {
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
            return Err(row.refuse(column, limit).into());
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
                .refuse(measuring_point, "metres within 10 km of the datum")
                .into());
        }
        Ok([Cell::Value(height_m - value), cell])
    }
}

/// What a row of levels says.
struct LevelRow {
    layer: usize,
    time: DateTime,
    cell: Cell,
    /// The cell before it became a level.
    written: Cell,
    days: Option<u8>,
    is_approved: bool,
    line: u64,
}

impl LevelRow {
    fn reading(&self) -> Option<LevelReading> {
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
    fn find(table: &Table, conventions: &Conventions) -> Result<Self, ReadError> {
        Ok(Self {
            layer: table.column("layer")?,
            date: table.column("date")?,
            level: LevelColumn::find(table)?,
            days: table.find("days"),
            approval: table.find("approval"),
            conventions: conventions.clone(),
        })
    }

    fn read(&self, row: &Row, layers: &mut LayerIndex) -> Result<LevelRow, ReadError> {
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

    fn days(&self, row: &Row, column: Column) -> Result<Option<u8>, ReadError> {
        let expected = "days that the level is the mean of, 0 to 31, or an empty field";
        match row.measurement(column, &self.conventions, expected)? {
            Cell::Value(days) if (0.0..=31.0).contains(&days) && days.fract() == 0.0 => {
                Ok(Some(days as u8).filter(|days| *days > 0))
            }
            Cell::Value(_) => Err(row.refuse(column, expected).into()),
            _ => Ok(None),
        }
    }
}

/// Whether an agency's flag says that a value was checked: `A` or `Approved`, with or without more flags.
fn is_approved(flag: &str) -> bool {
    let first = flag.split([',', ' ', '[', ':']).next().unwrap_or_default();
    first.eq_ignore_ascii_case("a") || first.eq_ignore_ascii_case("approved")
}

/// Readings of one well by aquifer layer.
struct Readings {
    layers: Vec<(Vec<LevelReading>, LeftOut)>,
    approved_only: bool,
    /// First and last month of all rows, with a level or without.
    months: Option<(Month, Month)>,
}

impl Readings {
    fn new(approved_only: bool) -> Self {
        Self {
            layers: Vec::new(),
            approved_only,
            months: None,
        }
    }

    fn add(&mut self, row: &LevelRow) {
        if self.layers.len() <= row.layer {
            self.layers.resize_with(row.layer + 1, Default::default);
        }
        let month = month_of(row.time.date());
        let (first, last) = self.months.unwrap_or((month, month));
        self.months = Some((first.min(month), last.max(month)));
        let (readings, left_out) = &mut self.layers[row.layer];
        match (row.cell, row.reading()) {
            (_, Some(_)) if self.approved_only && !row.is_approved => left_out.not_approved += 1,
            (_, Some(reading)) => readings.push(reading),
            (Cell::NotANumber, _) => left_out.not_a_number += 1,
            (Cell::NoData, _) => left_out.no_data += 1,
            _ => left_out.empty += 1,
        }
    }

    fn by_layer(
        self,
        (path, column): (&Path, &'static str),
        well: &str,
        names: &[String],
    ) -> Result<Vec<LayerReadings>, ReadError> {
        self.layers
            .into_iter()
            .zip(names)
            .filter(|((readings, _), _)| !readings.is_empty())
            .map(|((readings, left_out), name)| {
                LayerReadings::new(name, readings, left_out).map_err(|fault| ReadError::Series {
                    path: path.to_owned(),
                    column,
                    of: format!("well {well}, layer {name}"),
                    fault,
                })
            })
            .collect()
    }
}

/// Levels of one well for a model that is there already.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelsOfWell {
    /// Monthly means of the aquifer layers that have any, in the model's order.
    pub layers: Vec<MonthlyLevels>,
    /// First month that the file has a row of, with a level or without.
    pub first: Month,
    /// Last such month.
    pub last: Month,
    /// Months of each layer that have readings, but too few days to count.
    pub incomplete: Vec<(String, usize)>,
}

/// Longest time between two rows for a model, years: a model steps every month between, and a longer pause is a slip of the date.
const LONGEST_PAUSE_YEARS: i32 = 20;

/// Refuses rows that lie too long after the row before.
fn check_gaps(path: &Path, rows: &BTreeMap<Date, u64>) -> Result<(), ReadError> {
    for ((before, _), (date, line)) in rows.iter().zip(rows.iter().skip(1)) {
        let years = (*date - *before).get_days() / 365;
        if years > LONGEST_PAUSE_YEARS {
            return Err(ReadError::LongPause {
                place: Place {
                    path: path.to_owned(),
                    line: *line,
                },
                date: *date,
                years,
                before: *before,
            });
        }
    }
    Ok(())
}

/// Monthly means of the levels of one well, for the aquifer layers that are known beforehand and in their order.
///
/// `months` says how the model's months are made. A file without a column `well` has only this well; of one with that column, the rows of other wells are
/// passed over.
///
/// # Errors
/// When the file is malformed, names another aquifer layer, or has no row of this well.
pub fn read_levels_of(
    path: &Path,
    well: &str,
    aquifer_layers: &[String],
    months: MonthDefinition,
    no_data: &[NoData],
) -> Result<LevelsOfWell, ReadError> {
    let conventions = &Conventions {
        no_data: no_data.to_vec(),
        utc_offset_minutes: months.utc_offset_minutes().into(),
    };
    let mut table = Table::open(path, "layer, date, level_m")?;
    let of_well = table.find("well");
    let columns = Columns::find(&table, conventions)?;
    let mut layers = LayerIndex {
        names: aquifer_layers.to_vec(),
        complete: true,
        of: "the model",
    };
    let mut readings = Readings::new(false);
    let mut rows = BTreeMap::new();
    while let Some(row) = table.next_row()? {
        if let Some(column) = of_well
            && row.name(column)? != well
        {
            continue;
        }
        let row = columns.read(&row, &mut layers)?;
        rows.insert(row.time.date(), row.line);
        readings.add(&row);
    }
    check_gaps(path, &rows)?;
    let Some((first, last)) = readings.months else {
        return Err(ReadError::NoLevels {
            path: path.to_owned(),
            well: well.to_owned(),
        });
    };
    let layers = readings.by_layer((path, columns.level.name()), well, aquifer_layers)?;
    let rule = |layer: &LayerReadings| {
        let mut names = aquifer_layers.iter();
        let input = names.position(|name| *name == layer.aquifer_layer);
        input.map_or(MonthRule::AnyDay, |input| months.rule(input))
    };
    let incomplete = |layer: &LayerReadings| {
        let counts = |(month, mean): &(Month, MonthMean)| mean.counted(*month, rule(layer));
        layer
            .months()
            .filter(|month| counts(month).is_none())
            .count()
    };
    Ok(LevelsOfWell {
        layers: layers
            .iter()
            .filter_map(|layer| layer.monthly(rule(layer)))
            .collect(),
        incomplete: layers
            .iter()
            .map(|layer| (layer.aquifer_layer.clone(), incomplete(layer)))
            .filter(|(_, months)| *months > 0)
            .collect(),
        first,
        last,
    })
}
