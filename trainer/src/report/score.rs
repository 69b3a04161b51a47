//! Error tables: every score beside its floor, and the paper's table beside ours.

use std::fmt::Write as _;

use crate::figure::shown::{MetricRow, ModelKind, Shown};
use crate::figure::{escaped, number};
use crate::split::Part;
use crate::study::PAPER_TABLE_3;

/// Scores of one part, a row a well and model, best of each well in bold.
pub(super) fn table(shown: &Shown, part: Part, caption: &str) -> String {
    let of_part: Vec<&MetricRow> = shown
        .scores
        .iter()
        .filter(|score| score.part == part && score.model != ModelKind::FLOOR)
        .collect();
    if of_part.is_empty() {
        return String::new();
    }
    let has_floor = shown.has_floor();
    let mut rows = String::new();
    for scores in of_part.chunk_by(|a, b| a.well == b.well) {
        let best = scores
            .iter()
            .map(|score| score.rmse_mm_per_month)
            .filter(|rmse| rmse.is_finite())
            .fold(f64::INFINITY, f64::min);
        for (index, score) in scores.iter().enumerate() {
            let well = if index == 0 {
                let rows = scores.len();
                format!(
                    "<th scope=\"row\" rowspan=\"{rows}\">{}</th>",
                    escaped(&score.well)
                )
            } else {
                String::new()
            };
            let class = if score.rmse_mm_per_month == best {
                " class=\"best\""
            } else {
                ""
            };
            let ratio = score
                .floor_mm_per_month
                .filter(|floor| *floor > 0.0)
                .map(|floor| score.rmse_mm_per_month / floor);
            let floor = if has_floor {
                format!(
                    "<td>{}</td><td>{}</td>",
                    cell(score.floor_mm_per_month, 3),
                    cell(ratio, 3)
                )
            } else {
                String::new()
            };
            let _ = write!(
                rows,
                "<tr>{well}<td class=\"left\">{}</td><td{class}>{}</td>{floor}<td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                escaped(score.model.title()),
                cell(Some(score.rmse_mm_per_month), 3),
                cell(Some(score.mae_mm_per_month), 3),
                cell(Some(score.r2), 3),
                cell(Some(score.bias_mm_per_month), 3),
                score.points
            );
        }
    }
    let floor = if has_floor {
        "<th scope=\"col\">floor</th><th scope=\"col\">RMSE / floor</th>"
    } else {
        ""
    };
    scroll(
        caption,
        &format!(
            "<table><caption>{}</caption><thead><tr><th scope=\"col\">well</th><th scope=\"col\" class=\"left\">model</th><th scope=\"col\">RMSE</th>{floor}<th scope=\"col\">MAE</th><th scope=\"col\">R\u{b2}</th><th scope=\"col\">bias</th><th scope=\"col\">points</th></tr></thead><tbody>{rows}</tbody></table>",
            escaped(caption)
        ),
    )
}

/// Test errors over all wells of a run that has more of them than the page shows; otherwise empty.
pub(super) fn of_all_wells(shown: &Shown) -> String {
    let (all, in_full) = (shown.wells_of_run, shown.wells.len());
    if all <= in_full {
        return String::new();
    }
    let mut rows = String::new();
    for errors in &shown.errors {
        let _ = write!(
            rows,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(errors.model.title()),
            errors.wells,
            cell(Some(errors.rmse.low), 3),
            cell(Some(errors.rmse.median), 3),
            cell(Some(errors.rmse.high), 3),
        );
    }
    let caption = format!("Test RMSE over all {all} wells, mm a month");
    let table = scroll(
        &caption,
        &format!(
            "<table><caption>{caption}</caption><thead><tr><th scope=\"col\">model</th><th scope=\"col\">wells scored</th><th scope=\"col\">lower quartile</th>\
             <th scope=\"col\">median</th><th scope=\"col\">upper quartile</th></tr></thead><tbody>{rows}</tbody></table>"
        ),
    );
    format!(
        "{table}<p>Below, the first {in_full} wells. <code>metrics.csv</code> has the scores of all; <code>amlstm figure RUN --well NAME</code> draws any of them.</p>"
    )
}

/// The paper's Table 3 beside this run's scores; empty unless the wells are the synthetic six.
pub(super) fn beside_paper(shown: &Shown) -> String {
    let six = shown.wells_of_run <= PAPER_TABLE_3.len()
        && shown.wells.len() == PAPER_TABLE_3.len()
        && shown
            .wells
            .iter()
            .zip(PAPER_TABLE_3)
            .all(|(well, row)| well.synthetic && well.well == row.0);
    if !six {
        return String::new();
    }
    let test = |well: &str, model: ModelKind| {
        shown
            .scores
            .iter()
            .find(|score| score.well == well && score.model == model && score.part == Part::Test)
    };
    let gain = |lstm: Option<f64>, attention: Option<f64>| match (lstm, attention) {
        (Some(lstm), Some(attention)) if lstm > 0.0 => {
            format!("{} %", number((1.0 - attention / lstm) * 100.0, 1))
        }
        _ => "\u{2013}".to_owned(),
    };
    let mut rows = String::new();
    for (well, [paper_lstm, paper_attention]) in PAPER_TABLE_3 {
        let (lstm, attention) = (
            test(well, ModelKind::LSTM).map(|score| score.rmse_mm_per_month),
            test(well, ModelKind::AM_LSTM).map(|score| score.rmse_mm_per_month),
        );
        let floor = test(well, ModelKind::AM_LSTM).and_then(|score| score.floor_mm_per_month);
        let _ = write!(
            rows,
            "<tr><th scope=\"row\">{well}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            cell(Some(paper_lstm), 2),
            cell(Some(paper_attention), 2),
            gain(Some(paper_lstm), Some(paper_attention)),
            cell(lstm, 2),
            cell(attention, 2),
            gain(lstm, attention),
            cell(floor, 2)
        );
    }
    let table = format!(
        "<table><caption>The paper\u{2019}s Table 3 (RMSE, mm) beside this run (test RMSE, mm a month) <span class=\"tag\">SYNTHETIC</span></caption>\
         <thead><tr><th rowspan=\"2\" scope=\"col\">well</th><th colspan=\"3\" scope=\"colgroup\">Cao et al. 2022</th><th colspan=\"4\" scope=\"colgroup\">this run, synthetic wells</th></tr>\
         <tr><th scope=\"col\">LSTM</th><th scope=\"col\">AM-LSTM</th><th scope=\"col\">gain</th><th scope=\"col\">LSTM</th><th scope=\"col\">AM-LSTM</th><th scope=\"col\">gain</th><th scope=\"col\">floor</th></tr></thead>\
         <tbody>{rows}</tbody></table>"
    );
    format!(
        "{}<p class=\"muted\">The synthetic noise was fitted so that the floor lies just below the paper\u{2019}s AM-LSTM column: closeness to it is consistency, not evidence. \
         One run does not decide which model is better; <code>amlstm study</code> compares them over many seeds.</p>",
        scroll("Table 3 of the paper beside this run", &table)
    )
}

/// A table in a box of its own that scrolls where the page is narrow.
pub(super) fn scroll(label: &str, table: &str) -> String {
    format!(
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{}\">{table}</div>",
        escaped(label)
    )
}

fn cell(value: Option<f64>, decimals: usize) -> String {
    value
        .filter(|value| value.is_finite())
        .map_or("\u{2013}".to_owned(), |value| number(value, decimals))
}
