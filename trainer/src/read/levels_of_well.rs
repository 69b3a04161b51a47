//! Levels of one well for a model that is there already.

use std::{collections::BTreeMap, path::Path};

use amlstm_core::month::Month;
use amlstm_core::month_mean::{MonthDefinition, MonthMean, MonthRule};
use jiff::civil::Date;

use super::ReadError;
use super::layers::LayerIndex;
use super::level_row::Columns;
use super::readings::Readings;
use crate::{
    level::{LayerReadings, MonthlyLevels},
    table::{Conventions, NoData, Place, Table},
};

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
