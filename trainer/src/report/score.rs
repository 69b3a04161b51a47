//! Error tables: every score beside its floor, and the paper's table beside ours.

use maud::{Markup, html};

use super::table::{Table, cell};
use crate::figure::number;
use crate::results::{MetricRow, ModelKind, RunResults};
use crate::split::Part;
use crate::study::PAPER_TABLE_3;

/// Scores of one part, a row per well and model, the best of each well in bold; `None` without scores.
pub(super) fn table(results: &RunResults, part: Part, caption: &str) -> Option<Markup> {
    let of_part = |score: &&MetricRow| score.part == part;
    let scores: Vec<&MetricRow> = results.scores.iter().filter(of_part).collect();
    let wells = scores.chunk_by(|a, b| a.well == b.well);
    let floor = results.has_floor();
    let head = html! {
        tr {
            th scope="col" { "well" }
            th.left scope="col" { "model" }
            th scope="col" { "RMSE" }
            @if floor {
                th scope="col" { "floor" }
                th scope="col" { "RMSE / floor" }
            }
            @for name in ["MAE", "R\u{b2}", "bias", "points"] { th scope="col" { (name) } }
        }
    };
    let body = html! { @for well in wells { (of_well(well, floor)) } };
    let table = Table {
        caption,
        head,
        body,
    };
    (!scores.is_empty()).then(|| html! { (table) })
}

fn of_well(scores: &[&MetricRow], floor: bool) -> Markup {
    let finite = scores
        .iter()
        .map(|score| score.rmse_mm_per_month)
        .filter(|rmse| rmse.is_finite());
    let best = finite.fold(f64::INFINITY, f64::min);
    html! {
        @for (index, score) in scores.iter().enumerate() {
            tr {
                @if index == 0 { th scope="row" rowspan=(scores.len()) { (score.well) } }
                td.left { (score.model.title()) }
                td.best[score.rmse_mm_per_month == best] { (cell(Some(score.rmse_mm_per_month), 3)) }
                @if floor {
                    @let known = score.floor_mm_per_month.filter(|floor| *floor > 0.0);
                    td { (cell(score.floor_mm_per_month, 3)) }
                    td { (cell(known.map(|floor| score.rmse_mm_per_month / floor), 3)) }
                }
                td { (cell(Some(score.mae_mm_per_month), 3)) }
                td { (cell(Some(score.r2), 3)) }
                td { (cell(Some(score.bias_mm_per_month), 3)) }
                td { (score.points) }
            }
        }
    }
}

/// Test errors over all wells of a run that has more of them than the page shows; otherwise empty.
pub(super) fn of_all_wells(results: &RunResults) -> Markup {
    let (all, in_full) = (results.wells_of_run, results.wells.len());
    if all <= in_full {
        return html! {};
    }
    let head = html! {
        tr {
            @for name in ["model", "wells scored", "lower quartile", "median", "upper quartile"] {
                th scope="col" { (name) }
            }
        }
    };
    let body = html! {
        @for errors in &results.errors {
            tr {
                th scope="row" { (errors.model.title()) }
                td { (errors.wells) }
                td { (cell(Some(errors.rmse.low), 3)) }
                td { (cell(Some(errors.rmse.median), 3)) }
                td { (cell(Some(errors.rmse.high), 3)) }
            }
        }
    };
    let caption = &format!("Test RMSE over all {all} wells, mm per month");
    html! {
        (Table { caption, head, body })
        p {
            "Below, the first " (in_full) " wells. " code { "metrics.csv" } " has the scores of all; "
            code { "amlstm figure RUN --well NAME" } " draws any of them."
        }
    }
}

/// The paper's Table 3 beside this run's scores; empty unless the wells are the synthetic six.
pub(super) fn beside_paper(results: &RunResults) -> Markup {
    let wells = &results.wells;
    let mut pairs = wells.iter().zip(PAPER_TABLE_3);
    let six = results.wells_of_run <= PAPER_TABLE_3.len()
        && wells.len() == PAPER_TABLE_3.len()
        && pairs.all(|(well, row)| well.synthetic && well.well == row.0);
    if !six {
        return html! {};
    }
    let head = html! {
        tr {
            th rowspan="2" scope="col" { "well" }
            th colspan="3" scope="colgroup" { "Cao et al. 2022" }
            th colspan="4" scope="colgroup" { "this run, synthetic wells" }
        }
        tr {
            @for name in ["LSTM", "AM-LSTM", "gain", "LSTM", "AM-LSTM", "gain", "floor"] {
                th scope="col" { (name) }
            }
        }
    };
    let rmse =
        |well: &str, model: ModelKind| Some(results.test_score(well, model)?.rmse_mm_per_month);
    let body = html! {
        @for (well, paper) in PAPER_TABLE_3 {
            @let ours = [rmse(well, ModelKind::LSTM), rmse(well, ModelKind::AM_LSTM)];
            tr {
                th scope="row" { (well) }
                @for [lstm, attention] in [paper.map(Some), ours] {
                    td { (cell(lstm, 2)) }
                    td { (cell(attention, 2)) }
                    td { (gain(lstm, attention)) }
                }
                td { (cell(results.test_floor(well), 2)) }
            }
        }
    };
    let caption = "The paper\u{2019}s Table 3 (RMSE, mm) beside this run (test RMSE, mm per month); SYNTHETIC wells";
    html! {
        (Table { caption, head, body })
        p.muted {
            "The synthetic noise was fitted so that the floor lies just below the paper\u{2019}s AM-LSTM column: closeness to it is consistency, not evidence. \
             One run does not decide which model is better; " code { "amlstm study" } " compares them over many seeds."
        }
    }
}

/// By how much attention lowers the error.
fn gain(lstm: Option<f64>, attention: Option<f64>) -> String {
    match (lstm, attention) {
        (Some(lstm), Some(attention)) if lstm > 0.0 => {
            format!("{} %", number((1.0 - attention / lstm) * 100.0, 1))
        }
        _ => cell(None, 1),
    }
}
