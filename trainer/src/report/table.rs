//! A table of the page, in a box of its own that scrolls where the page is narrow.

use maud::{Markup, Render, html};

use crate::figure::number;

/// A table with a caption.
pub(super) struct Table<'a> {
    pub caption: &'a str,
    /// Cells of the head's rows.
    pub head: Markup,
    /// Rows of the body.
    pub body: Markup,
}

impl Render for Table<'_> {
    fn render(&self) -> Markup {
        html! {
            div.scroll role="region" tabindex="0" aria-label=(self.caption) {
                table {
                    caption { (self.caption) }
                    thead { (self.head) }
                    tbody { (self.body) }
                }
            }
        }
    }
}

/// A number of a table, a dash where there is none.
pub(super) fn cell(value: Option<f64>, decimals: usize) -> String {
    let value = value.filter(|value| value.is_finite());
    value.map_or("\u{2013}".to_owned(), |value| number(value, decimals))
}
