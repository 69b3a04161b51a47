//! One self-contained HTML page per run.
//!
//! The page asks nothing of the network, follows the reader's light or dark theme, prints, and fits a phone. It says what the figures do not show: floors, baselines, disagreement between the methods that
//! name a dominating aquifer layer, and which data are synthetic.

mod card;
mod caution;
mod page;
mod score;
mod verdict;

pub use card::Card;
pub use page::{Report, Table};
