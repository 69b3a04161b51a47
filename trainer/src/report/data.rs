//! What is in the data that a run was made from: the rows of `amlstm check`.

use maud::{Markup, html};

use super::table::Table;
use crate::results::RunResults;
use crate::survey::cells::{AS_READ, Column, MOVEMENT, USE, VALUES};

/// Whether the run says what it was made from.
pub(super) fn is_known(results: &RunResults) -> bool {
    !results.levels_as_read.is_empty() || !results.ground_as_read.is_empty()
}

/// The section; empty for a run that does not say what it was made from.
pub(super) fn section(results: &RunResults) -> Markup {
    if !is_known(results) {
        return html! {};
    }
    let (layers, grounds) = (&results.levels_as_read, &results.ground_as_read);
    let as_read = layers.iter().map(|layer| (&layer.well, layer.as_read()));
    let values = layers.iter().map(|layer| (&layer.well, layer.values()));
    let movement = grounds
        .iter()
        .map(|ground| (&ground.well, ground.movement()));
    let its_use = grounds
        .iter()
        .map(|ground| (&ground.well, ground.its_use()));
    html! {
        section id="data" {
            h2 { "Data" }
            @if !results.hints.is_empty() {
                h3 { "Look at these" }
                ul { @for hint in &results.hints { li { (hint.well) ": " (hint.hint) } } }
            }
            details {
                summary { "What " code { "amlstm check" } " says of levels and ground" }
                (table("Levels as read", &AS_READ, as_read))
                (table("Their values, m, up positive", &VALUES, values))
                @if !grounds.is_empty() {
                    (table("Ground, mm, sinking positive", &MOVEMENT, movement))
                    (table("Its use", &USE, its_use))
                }
            }
        }
    }
}

fn table<'a, const CELLS: usize>(
    caption: &str,
    columns: &[Column; CELLS],
    rows: impl Iterator<Item = (&'a String, [String; CELLS])>,
) -> Markup {
    let head = html! {
        tr {
            th scope="col" { "well" }
            @for (name, number) in columns { th.left[!*number] scope="col" { (name) } }
        }
    };
    let body = html! {
        @for (well, cells) in rows {
            tr {
                th scope="row" { (well) }
                @for (cell, (_, number)) in cells.iter().zip(columns) { td.left[!*number] { (cell) } }
            }
        }
    };
    html! { (Table { caption, head, body }) }
}
