//! What `amlstm check` prints for people.

use amlstm::{
    config::Config,
    ps::class_names,
    survey::{Hint, LayerSurvey},
};
use amlstm_core::month_mean::MonthRule;

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
    let mut table = table::new(&[
        ("well", LEFT),
        ("layer", LEFT),
        ("from to", LEFT),
        ("count", RIGHT),
        ("months", RIGHT),
        ("missing", RIGHT),
        ("longest gap", RIGHT),
        ("days read", RIGHT),
        ("left out", LEFT),
    ]);
    for (well, layer) in layers(wells) {
        table.add_row(vec![
            shown_name(well),
            layer.layer.clone(),
            format!("{} {}", layer.first, layer.last),
            layer.readings.to_string(),
            layer.months.to_string(),
            layer.missing_months.to_string(),
            format!("{} d", layer.longest_gap_days),
            match layer.month_rule {
                MonthRule::AnyDay => format!("{:.0} %", 100.0 * layer.days_share),
                MonthRule::MostDays => format!("{:.0} %, 80 wanted", 100.0 * layer.days_share),
            },
            layer.left_out.clone(),
        ]);
    }
    table
}

fn values(wells: &[CheckedWell]) -> table::Table {
    let mut table = table::new(&[
        ("well", LEFT),
        ("layer", LEFT),
        ("lowest", LEFT),
        ("highest", LEFT),
        ("largest step", LEFT),
    ]);
    for (well, layer) in layers(wells) {
        let step_on = layer.largest_step_on.map_or_else(String::new, |day| {
            let shared = if layer.step_is_shared {
                ", all layers"
            } else {
                ""
            };
            format!(" on {day}{shared}")
        });
        table.add_row(vec![
            shown_name(well),
            layer.layer.clone(),
            format!("{:.2} on {}", layer.lowest_m, layer.lowest_on),
            format!("{:.2} on {}", layer.highest_m, layer.highest_on),
            format!("{:+.2}{step_on}", layer.largest_step_m),
        ]);
    }
    table
}

fn layers(wells: &[CheckedWell]) -> impl Iterator<Item = (&CheckedWell, &LayerSurvey)> {
    let of_well = |well| move |layer| (well, layer);
    wells
        .iter()
        .flat_map(move |well| well.survey.layers.iter().map(of_well(well)))
}

fn ground(wells: &[CheckedWell]) -> table::Table {
    let mut table = table::new(&[
        ("well", LEFT),
        ("from to", LEFT),
        ("first", RIGHT),
        ("last", RIGHT),
        ("least", RIGHT),
        ("most", RIGHT),
        ("per year", RIGHT),
        ("", LEFT),
        ("largest change", LEFT),
    ]);
    for well in wells {
        let Some(ground) = &well.survey.ground else {
            continue;
        };
        table.add_row(vec![
            shown_name(well),
            format!("{} {}", ground.first, ground.last),
            format!("{:.1}", ground.first_mm),
            format!("{:.1}", ground.last_mm),
            format!("{:.1}", ground.lowest_mm),
            format!("{:.1}", ground.highest_mm),
            format!("{:+.1}", ground.mm_per_year),
            ground.verdict.to_string(),
            match ground.largest_change_on {
                Some(day) => format!("{:+.1} on {day}", ground.largest_change_mm),
                None => format!("{:+.1}", ground.largest_change_mm),
            },
        ]);
    }
    table
}

fn use_of_ground(wells: &[CheckedWell]) -> table::Table {
    let mut table = table::new(&[
        ("well", LEFT),
        ("kind", LEFT),
        ("points", RIGHT),
        ("observations", RIGHT),
        ("outside levels", RIGHT),
        ("increments used", RIGHT),
        ("lost", RIGHT),
        ("left out", LEFT),
    ]);
    for well in wells {
        let Some(ground) = &well.survey.ground else {
            continue;
        };
        table.add_row(vec![
            shown_name(well),
            ground.kind.clone(),
            ground.points.to_string(),
            ground.observations.to_string(),
            ground.outside_levels.to_string(),
            ground.increments_used.to_string(),
            ground.increments_lost.to_string(),
            ground.left_out.clone(),
        ]);
    }
    table
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
