//! Aligned tables in the terminal: no colours, no frames.

pub use amlstm::study::number;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Width, presets::NOTHING};

/// On which side the cells of a column line up.
pub use comfy_table::CellAlignment as Align;

/// Columns of text.
pub const LEFT: Align = CellAlignment::Left;

/// Columns of numbers.
pub const RIGHT: Align = CellAlignment::Right;

/// Characters of a terminal's line: in a wider table the longest texts are broken between words.
const WIDTH: u16 = 80;

/// Columns between two cells.
const GAP: u16 = 2;

/// Characters of a text that is never broken, such as `< 100`.
const SHORT: u16 = 6;

/// A table with its column names; print its [`Table::trim_fmt`].
pub struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

/// A table with its column names and no row yet.
pub fn new(columns: &[(&str, Align)]) -> Table {
    let column = |(name, align): &(&str, Align)| ((*name).to_owned(), *align);
    Table {
        columns: columns.iter().map(column).collect(),
        rows: Vec::new(),
    }
}

impl Table {
    /// Adds a row, one cell per column.
    pub fn add_row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Number of rows.
    pub fn row_count(&self) -> usize {
        self.rows.len()
    }

    /// The lines of the table without spaces at their ends.
    pub fn trim_fmt(&self) -> String {
        let mut table = comfy_table::Table::new();
        table
            .load_preset(NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(WIDTH)
            .set_header(self.columns.iter().map(|(name, _)| name))
            .add_rows(&self.rows);
        for (number, (column, (name, align))) in
            table.column_iter_mut().zip(&self.columns).enumerate()
        {
            let cells = self.rows.iter().filter_map(|row| row.get(number));
            let longest = match *align {
                RIGHT => cells.map(|cell| length(cell)).max(),
                _ => cells.map(|cell| longest_word(cell)).max(),
            };
            let longest = longest.unwrap_or(0).max(longest_word(name));
            let width = Width::Fixed(GAP + longest);
            column.set_cell_alignment(*align);
            column.set_padding((0, GAP));
            column.set_constraint(ColumnConstraint::LowerBoundary(width));
        }
        table.trim_fmt()
    }
}

fn length(text: &str) -> u16 {
    text.chars().count() as u16
}

/// Characters of the longest part that is not broken: a word, or a short text.
fn longest_word(text: &str) -> u16 {
    if length(text) <= SHORT {
        length(text)
    } else {
        text.split(' ').map(length).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_table_is_broken_between_words() {
        let mut table = new(&[("well", LEFT), ("increment mm", RIGHT), ("remarks", LEFT)]);
        let remark = "confined1: no level; ".repeat(5);
        table.add_row(["A (SYNTHETIC)".into(), number(1.25, 1), remark.clone()]);
        let text = table.trim_fmt();
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        for word in remark.split(' ').chain(["increment", "(SYNTHETIC)"]) {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
}
