//! Aligned tables in the terminal: no colours, no frames.

use comfy_table::{CellAlignment, Table, presets::NOTHING};

/// On which side the cells of a column line up.
pub use comfy_table::CellAlignment as Align;

/// A table with its column names and no row yet; print its `trim_fmt()`.
pub fn new(columns: &[(&str, Align)]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(NOTHING)
        .set_header(columns.iter().map(|(name, _)| *name));
    for (column, (_, align)) in table.column_iter_mut().zip(columns) {
        column.set_cell_alignment(*align);
        column.set_padding((0, 2));
    }
    table
}

/// Columns of text.
pub const LEFT: Align = CellAlignment::Left;

/// Columns of numbers.
pub const RIGHT: Align = CellAlignment::Right;

/// A number with so many decimals, or a dash where there is none.
pub fn number(value: f64, decimals: usize) -> String {
    if value.is_finite() {
        format!("{value:.decimals$}")
    } else {
        "-".to_owned()
    }
}
