//! CSV files of In-Situ loggers (`Win-Situ`, `VuSitu`).
//!
//! Heading lines of names and values, then a line that begins with `Date and Time` or `Date Time` and names each column with its unit in brackets:
//! `Depth to Water (ft)`, `Level Depth To Water (ft)`, `Elevation (m)`, `Depth (m)`. Layout: Win-Situ 5 manual, "Exporting data".

use super::stamp::Dates;
use super::{
    DateOrder, ImportError, Imported, LengthUnit, Options, Quantity, Terms, WrittenLevel,
    text::{Text, fields, number},
};

pub(super) fn read(text: &Text, options: &Options) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    let dates = Dates::new(options.date_order, DateOrder::MonthFirst);
    let mut level: Option<(usize, Quantity, LengthUnit, usize)> = None;
    let mut series = String::new();
    for (line, row) in text.lines() {
        if row.trim().is_empty() {
            continue;
        }
        let cells = fields(row, ',');
        let Some((column, quantity, unit, count)) = level else {
            let first = cells[0].to_lowercase();
            if first.starts_with("date and time") || first.starts_with("date time") {
                let (column, quantity, unit) = level_column(text, &cells, options)?;
                level = Some((column, quantity, unit, cells.len()));
            } else if matches!(
                first.trim_end_matches(':'),
                "site" | "location name" | "location"
            ) {
                series = cells.get(1).cloned().unwrap_or_default();
            }
            continue;
        };
        if cells.len() < count {
            let expected = format!("{count} fields as in the line of column names");
            return Err(text.malformed(line, row, expected));
        }
        let stamp = dates.read(text, line, &cells[0])?;
        let cell = &cells[column];
        let value =
            number(cell).map_err(|_| text.malformed(line, cell, "a number or an empty field"))?;
        let terms = Terms {
            quantity,
            unit,
            zero_m: options.zero_m,
        };
        imported.add(&series, terms, WrittenLevel::new(stamp, value));
    }
    Ok(imported)
}

/// The column named by the caller, or the first that is an elevation, a depth to water, or a depth of the transducer.
fn level_column(
    text: &Text,
    names: &[String],
    options: &Options,
) -> Result<(usize, Quantity, LengthUnit), ImportError> {
    let quantity = |name: &str| {
        let name = name.to_lowercase();
        if name.contains("depth to water") {
            Some(Quantity::Depth)
        } else if name.contains("elevation") {
            Some(Quantity::Level)
        } else if name.starts_with("depth") || name.starts_with("level") {
            Some(Quantity::Submergence)
        } else {
            None
        }
    };
    let unit = |name: &str| {
        let inside = name.rsplit_once('(')?.1.split(')').next()?;
        LengthUnit::parse(inside)
    };
    let rank = |quantity: Quantity| match quantity {
        Quantity::Level => 0,
        Quantity::Depth => 1,
        Quantity::Submergence => 2,
    };
    let columns = names.iter().enumerate().filter_map(|(column, name)| {
        if options.column.as_ref().is_some_and(|wanted| wanted != name) {
            return None;
        }
        Some((column, quantity(name)?, unit(name)?))
    });
    columns
        .min_by_key(|(_, quantity, _)| rank(*quantity))
        .ok_or_else(|| ImportError::Column {
            path: text.path().to_owned(),
            what: "name the column of the level by --column".to_owned(),
            found: crate::table::listed(names),
        })
}
