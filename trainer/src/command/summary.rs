//! Tables of a study or an evaluation: printed, and kept in a run folder for its report.

use std::path::Path;

use amlstm::report;
use amlstm::run::write_atomically;
use amlstm::study::{Summary, Table};

use super::output::{Output, OutputError};
use super::table::{self, LEFT};

/// Columns that a caption is broken at.
const CAPTION_COLUMNS: usize = 80;

/// Writes the tables to a folder of a run, and the run's report anew if it has one; gives whether it has.
pub fn keep(summary: &Summary, run: &Path, folder: &str) -> anyhow::Result<bool> {
    let folder = run.join(folder);
    fs_err::create_dir_all(&folder)?;
    let bytes = serde_json::to_vec_pretty(summary)?;
    write_atomically(&folder.join(Summary::FILE), &bytes)?;
    let has_page = run.join(report::FILE).is_file();
    if has_page {
        report::write(run)?;
    }
    Ok(has_page)
}

/// Prints all tables, and what must be said beside them.
pub fn print(summary: &Summary, output: &mut Output) -> Result<(), OutputError> {
    for table in &summary.tables {
        print_table(table, output)?;
    }
    for sentence in &summary.sentences {
        writeln!(output, "{sentence}")?;
    }
    Ok(())
}

/// Prints a table under its caption.
pub fn print_table(table: &Table, output: &mut Output) -> Result<(), OutputError> {
    let columns: Vec<_> = table
        .header
        .iter()
        .map(|name| (name.as_str(), LEFT))
        .collect();
    let mut shown = table::new(&columns);
    for row in &table.rows {
        shown.add_row(row.iter().cloned());
    }
    let caption = broken(&table.caption);
    writeln!(
        output,
        "{}\n{caption}\n{}\n",
        table.title.to_uppercase(),
        shown.trim_fmt()
    )
}

/// The text in lines of at most [`CAPTION_COLUMNS`] characters, where words allow it.
pub fn broken(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > CAPTION_COLUMNS {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}
