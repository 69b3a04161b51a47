//! A month as `2012-12`, for `#[serde(with)]`.

use amlstm_core::month::Month;
use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
pub fn serialize<S: Serializer>(month: &Month, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(month)
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Month, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        D::Error::custom(format!(
            "found \"{text}\", expected a month such as \"2012-12\""
        ))
    })
}

/// The same for keys that may be absent.
pub mod optional {
    use amlstm_core::month::Month;
    use serde::{Deserializer, Serializer};

    #[allow(
        clippy::ref_option,
        clippy::trivially_copy_pass_by_ref,
        reason = "serde's signature"
    )]
    pub fn serialize<S: Serializer>(
        month: &Option<Month>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match month {
            Some(month) => super::serialize(month, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Month>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }
}
