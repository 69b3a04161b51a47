//! What a study left in the run folder.

use std::fmt::Write as _;
use std::path::Path;

use super::ReportError;
use crate::figure::escaped;
use crate::figure::gather::GatherError;
use crate::study::{Summary, Table};

/// The summary in the run's folder `study`; `None` if no study was made.
pub(super) fn read(folder: &Path) -> Result<Option<Summary>, ReportError> {
    let path = folder.join("study").join(Summary::FILE);
    if !path.is_file() {
        return Ok(None);
    }
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) => return Err(GatherError::File { path, source }.into()),
    };
    match serde_json::from_str(&text) {
        Ok(summary) => Ok(Some(summary)),
        Err(error) => {
            let cause = error.to_string();
            Err(GatherError::Table { path, cause }.into())
        }
    }
}

pub(super) fn html(summary: &Summary) -> String {
    let mut html = String::from("<section id=\"study\"><h2>Study</h2>");
    for (index, table) in summary.tables.iter().enumerate() {
        let _ = write!(
            html,
            "<h3 id=\"study-{index}\">{}</h3><p>{}</p><div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"study-{index}\">{}</div>",
            escaped(&table.title),
            escaped(&table.caption),
            table_html(table, index)
        );
    }
    html.push_str("<ul>");
    for sentence in &summary.sentences {
        let _ = write!(html, "<li>{}</li>", escaped(sentence));
    }
    html.push_str("</ul></section>");
    html
}

fn table_html(table: &Table, index: usize) -> String {
    let is_number = |cell: &String| !cell.starts_with(char::is_alphabetic);
    let class = |column: usize| {
        let mut cells = table.rows.iter().filter_map(|row| row.get(column));
        if cells.all(is_number) {
            ""
        } else {
            " class=\"left\""
        }
    };
    let mut head = String::new();
    for (column, name) in table.header.iter().enumerate() {
        let _ = write!(
            head,
            "<th scope=\"col\"{}>{}</th>",
            class(column),
            escaped(name)
        );
    }
    let mut rows = String::new();
    for row in &table.rows {
        rows.push_str("<tr>");
        for (column, cell) in row.iter().enumerate() {
            let cell = escaped(cell);
            let _ = if column == 0 {
                write!(rows, "<th scope=\"row\">{cell}</th>")
            } else {
                write!(rows, "<td{}>{cell}</td>", class(column))
            };
        }
        rows.push_str("</tr>");
    }
    format!(
        "<table aria-labelledby=\"study-{index}\"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )
}
