//! What `amlstm check` prints for people.

use amlstm::{
    config::Config,
    ps::class_names,
    survey::{
        GroundSurvey, Hint, LayerSurvey,
        cells::{self, Column},
    },
};

use super::CheckedWell;
use crate::command::{
    output::Output,
    table::{self, LEFT, RIGHT},
};

/// Prints what is said of the wells, and what looks wrong.
pub(super) fn print(
    wells: &[CheckedWell],
    config: &Config,
    output: &mut Output,
) -> anyhow::Result<()> {
    writeln!(
        output,
        "Levels as read:\n\n{}\n",
        readings(wells).trim_fmt()
    )?;
    writeln!(
        output,
        "Their values, m, up positive:\n\n{}\n",
        values(wells).trim_fmt()
    )?;
    let ground = ground(wells);
    if ground.row_count() > 0 {
        writeln!(
            output,
            "Ground, mm, sinking positive:\n\n{}\n",
            ground.trim_fmt()
        )?;
        writeln!(output, "Its use:\n\n{}\n", use_of_ground(wells).trim_fmt())?;
    }
    let rates = rates_table(wells, &config.data.rate_classes_mm_per_year);
    if rates.row_count() > 0 {
        writeln!(
            output,
            "Rates of the ps points, mm per year, sinking positive, and the share of points in each class:\n\n{}\n",
            rates.trim_fmt()
        )?;
    }
    writeln!(
        output,
        "Training:\n\n{}\n",
        training_table(wells).trim_fmt()
    )?;
    let hints: Vec<&Hint> = wells.iter().flat_map(|well| &well.survey.hints).collect();
    if !hints.is_empty() {
        writeln!(output, "Look at these before training:\n")?;
        for Hint { well, hint } in hints {
            writeln!(output, "  {well}: {hint}")?;
        }
        writeln!(output)?;
    }
    Ok(())
}

fn readings(wells: &[CheckedWell]) -> table::Table {
    let mut table = of_wells(&cells::AS_READ);
    for (well, layer) in layers(wells) {
        add_row(&mut table, well, layer.as_read());
    }
    table
}

fn values(wells: &[CheckedWell]) -> table::Table {
    let mut table = of_wells(&cells::VALUES);
    for (well, layer) in layers(wells) {
        add_row(&mut table, well, layer.values());
    }
    table
}

fn ground(wells: &[CheckedWell]) -> table::Table {
    let mut table = of_wells(&cells::MOVEMENT);
    for (well, ground) in grounds(wells) {
        add_row(&mut table, well, ground.movement());
    }
    table
}

fn use_of_ground(wells: &[CheckedWell]) -> table::Table {
    let mut table = of_wells(&cells::USE);
    for (well, ground) in grounds(wells) {
        add_row(&mut table, well, ground.its_use());
    }
    table
}

/// A table of a survey, each row of which begins with the well.
fn of_wells(columns: &[Column]) -> table::Table {
    let side = |number: bool| if number { RIGHT } else { LEFT };
    let columns = columns.iter().map(|(name, number)| (*name, side(*number)));
    let columns: Vec<_> = [("well", LEFT)].into_iter().chain(columns).collect();
    table::new(&columns)
}

fn add_row<const CELLS: usize>(
    table: &mut table::Table,
    well: &CheckedWell,
    cells: [String; CELLS],
) {
    let row: Vec<String> = [shown_name(well)].into_iter().chain(cells).collect();
    table.add_row(row);
}

fn layers(wells: &[CheckedWell]) -> impl Iterator<Item = (&CheckedWell, &LayerSurvey)> {
    let of_well = |well| move |layer| (well, layer);
    wells
        .iter()
        .flat_map(move |well| well.survey.layers.iter().map(of_well(well)))
}

fn grounds(wells: &[CheckedWell]) -> impl Iterator<Item = (&CheckedWell, &GroundSurvey)> {
    wells
        .iter()
        .filter_map(|well| Some((well, well.survey.ground.as_ref()?)))
}

fn rates_table(wells: &[CheckedWell], boundaries_mm_per_year: &[f64]) -> table::Table {
    let names = class_names(boundaries_mm_per_year);
    let mut columns = vec![
        ("well", LEFT),
        ("rate", LEFT),
        ("points", RIGHT),
        ("median", RIGHT),
        ("its class", RIGHT),
    ];
    columns.extend(names.iter().map(|name| (name.as_str(), RIGHT)));
    let mut table = table::new(&columns);
    for well in wells {
        for rate in &well.rates {
            let mut row = vec![
                shown_name(well),
                rate.rate.to_owned(),
                rate.points.to_string(),
                format!("{:.1}", rate.median_mm_per_year),
                rate.class.clone(),
            ];
            let shares = rate.shares.iter();
            row.extend(shares.map(|share| format!("{:.0} %", 100.0 * share)));
            table.add_row(row);
        }
    }
    table
}

fn training_table(wells: &[CheckedWell]) -> table::Table {
    let mut table = table::new(&[
        ("well", LEFT),
        ("points", RIGHT),
        ("months", LEFT),
        ("intervals", RIGHT),
        ("train", RIGHT),
        ("validate", RIGHT),
        ("test", RIGHT),
        ("held out", LEFT),
    ]);
    for well in wells {
        let Some(training) = &well.training else {
            continue;
        };
        table.add_row(vec![
            shown_name(well),
            training.points.to_string(),
            format!("{} to {}", training.first_month, training.last_month),
            training.intervals.to_string(),
            training.train.to_string(),
            training.validate.to_string(),
            training.test.to_string(),
            training.held_out.to_owned(),
        ]);
    }
    table
}

/// A well's id, marked where it is not real.
fn shown_name(well: &CheckedWell) -> String {
    if well.synthetic {
        format!("{} (SYNTHETIC)", well.survey.well)
    } else {
        well.survey.well.clone()
    }
}
