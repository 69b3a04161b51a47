//! The words for quantities.

use amlstm_core::link::Quantity;

/// The words for quantities, as typed and as shown.
const QUANTITIES: [(&str, Quantity); 5] = [
    ("absolute", Quantity::AbsolutePressureKpa),
    ("gauge", Quantity::GaugePressureKpa),
    ("submergence", Quantity::SubmergenceM),
    ("depth", Quantity::DepthToWaterM),
    ("level", Quantity::LevelM),
];

pub fn quantity_of(word: &str) -> Option<Quantity> {
    let mut words = QUANTITIES.into_iter();
    words
        .find(|(name, _)| *name == word)
        .map(|(_, quantity)| quantity)
}

pub fn word_of(quantity: Quantity) -> &'static str {
    let mut words = QUANTITIES.into_iter();
    words
        .find(|(_, named)| *named == quantity)
        .map_or("", |(name, _)| name)
}
