//! TOA5, the table of a Campbell data logger: four heading lines (environment, names, units, processing), then quoted CSV.
//!
//! Layout: `LoggerNet` manual, appendix "Campbell Scientific file formats"; the logger of this project writes it, too.

use super::{
    ImportError, Imported, LengthUnit, Options, Quantity, Stamp, Terms, WrittenLevel,
    text::{Text, fields, number},
};

/// A column of levels.
struct LevelColumn {
    column: usize,
    /// Name of the series.
    series: String,
    unit: LengthUnit,
    quantity: Quantity,
    quality: Option<usize>,
    days: Option<usize>,
}

pub(super) fn read(text: &Text, options: &Options) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    let mut lines = text.lines();
    let mut heading = || lines.next().map(|(_, line)| fields(line, ','));
    let (Some(environment), Some(names), Some(units), Some(_)) =
        (heading(), heading(), heading(), heading())
    else {
        return Err(text.malformed(1, "fewer lines", "four heading lines of a TOA5 file"));
    };
    let columns = level_columns(text, &names, &units, options)?;
    // Our own samples are stamped in UTC; a Campbell logger's stamps are the site's time.
    let utc = environment.get(2).is_some_and(|model| model == "amlstm");
    // Our own table of months is stamped at their end.
    let month = names.iter().position(|name| name == "month");
    for (line, row) in lines {
        if row.trim().is_empty() {
            continue;
        }
        let cells = fields(row, ',');
        if cells.len() != names.len() {
            let expected = format!("{} fields as in line 2", names.len());
            return Err(text.malformed(line, row, expected));
        }
        let stamp = match month {
            Some(month) => Stamp::iso(&format!("{}-15", cells[month])),
            None if utc => Stamp::iso(&format!("{}Z", cells[0])),
            None => Stamp::iso(&cells[0]),
        };
        let stamp = stamp
            .ok_or_else(|| text.malformed(line, &cells[0], "a time such as 2019-01-01 00:00:00"))?;
        for column in &columns {
            let cell = &cells[column.column];
            let value = number(cell).map_err(|_| text.malformed(line, cell, "a number or NAN"))?;
            // What is flagged in a month stands beside the mean and is not in it; its days decide whether it counts.
            let quality = match (month, column.quality) {
                (None, Some(quality)) => &cells[quality],
                _ => "",
            };
            if value.is_some() && !quality.is_empty() {
                let flag = crate::table::quoted(quality.as_bytes());
                imported.leave_out(format!("flagged \"{flag}\""));
                continue;
            }
            let days = column.days.and_then(|days| cells[days].parse().ok());
            let terms = Terms {
                quantity: column.quantity,
                unit: column.unit,
                zero_m: options.zero_m,
            };
            let level = WrittenLevel {
                days,
                ..WrittenLevel::new(stamp, value)
            };
            imported.add(&column.series, terms, level);
        }
    }
    Ok(imported)
}

/// The columns `level_<layer>` of our own files, or the one column of another that is a length.
fn level_columns(
    text: &Text,
    names: &[String],
    units: &[String],
    options: &Options,
) -> Result<Vec<LevelColumn>, ImportError> {
    let unit = |column: usize| units.get(column).and_then(|unit| LengthUnit::parse(unit));
    let find = |name: String| names.iter().position(|known| *known == name);
    let own = names.iter().enumerate().filter_map(|(column, name)| {
        let layer = name.strip_prefix("level_")?;
        Some(LevelColumn {
            column,
            series: layer.to_owned(),
            unit: unit(column)?,
            quantity: Quantity::Level,
            quality: Some(find(format!("quality_{layer}"))?),
            days: find(format!("days_{layer}")),
        })
    });
    let own: Vec<LevelColumn> = own.collect();
    if options.column.is_none() && !own.is_empty() {
        return Ok(own);
    }
    let chosen = |column: usize| match &options.column {
        Some(wanted) => names[column] == *wanted,
        None => unit(column).is_some(),
    };
    let columns: Vec<usize> = (0..names.len()).filter(|column| chosen(*column)).collect();
    let [column] = columns[..] else {
        return Err(ImportError::Column {
            path: text.path().to_owned(),
            what: "name the column of the level by --column".to_owned(),
            found: crate::table::listed(names),
        });
    };
    let name = &names[column];
    let lower = name.to_lowercase();
    let is_depth = lower.contains("depth") || lower.contains("dtw");
    Ok(vec![LevelColumn {
        column,
        series: name.clone(),
        unit: unit(column).unwrap_or(LengthUnit::M),
        quantity: if is_depth {
            Quantity::Depth
        } else {
            Quantity::Level
        },
        quality: None,
        days: None,
    }])
}
