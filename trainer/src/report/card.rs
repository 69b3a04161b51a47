//! The model card: what one model file is and what it may be used for.

use std::fmt::Write as _;

use crate::figure::{escaped, number};

/// What the page says of one model file, as (name, value) rows.
#[derive(Clone, Debug, Default)]
pub struct Card {
    /// Well the model belongs to.
    pub well: String,
    /// Rows in the order they are shown.
    pub rows: Vec<(&'static str, String)>,
}

impl Card {
    /// A row with a number and its unit; a number that was not measured says so.
    pub fn value(&mut self, name: &'static str, value: f32, decimals: usize, unit: &str) {
        let text = if value.is_finite() {
            format!("{} {unit}", number(f64::from(value), decimals))
        } else {
            "not measured".to_owned()
        };
        self.rows.push((name, text));
    }

    pub(super) fn html(&self) -> String {
        let mut html = String::from("<dl class=\"card\">");
        for (name, value) in &self.rows {
            let _ = write!(
                html,
                "<dt>{}</dt><dd>{}</dd>",
                escaped(name),
                escaped(value)
            );
        }
        html.push_str("</dl>");
        html
    }
}
