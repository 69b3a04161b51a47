//! What a study or an evaluation left in the run folder.

use std::path::Path;

use maud::{Markup, html};

use crate::run::RunError;
use crate::study::{Summary, Table};

/// The summary in one of the run's folders; `None` if none was made.
pub(super) fn read(run: &Path, folder: &str) -> Result<Option<Summary>, RunError> {
    let path = run.join(folder).join(Summary::FILE);
    if !path.is_file() {
        return Ok(None);
    }
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(source) => return Err(RunError::File { path, source }),
    };
    serde_json::from_slice(&text).map(Some).map_err(|error| {
        let cause = error.to_string();
        RunError::Table { path, cause }
    })
}

pub(super) fn section(summary: &Summary, id: &str, title: &str) -> Markup {
    html! {
        section id=(id) {
            h2 { (title) }
            @for (index, of_study) in summary.tables.iter().enumerate() {
                @let id = format!("{id}-{index}");
                h3 id=(id) { (of_study.title) }
                p { (of_study.caption) }
                div.scroll role="region" tabindex="0" aria-labelledby=(id) {
                    table aria-labelledby=(id) { (table(of_study)) }
                }
            }
            ul { @for sentence in &summary.sentences { li { (sentence) } } }
        }
    }
}

fn table(table: &Table) -> Markup {
    let is_number = |cell: &String| !cell.starts_with(char::is_alphabetic);
    let is_text = |column: usize| {
        let mut cells = table.rows.iter().filter_map(|row| row.get(column));
        !cells.all(is_number)
    };
    html! {
        thead {
            tr {
                @for (column, name) in table.header.iter().enumerate() {
                    th.left[is_text(column)] scope="col" { (name) }
                }
            }
        }
        tbody {
            @for row in &table.rows {
                tr {
                    @for (column, cell) in row.iter().enumerate() {
                        @if column == 0 { th scope="row" { (cell) } }
                        @else { td.left[is_text(column)] { (cell) } }
                    }
                }
            }
        }
    }
}
