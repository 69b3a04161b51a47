//! Which models a logger accepts.

use serde::{Deserialize, Serialize};

/// Which models are accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Security {
    /// Models of a lower version are refused unless explicitly allowed.
    pub min_model_version: u32,
    /// Ed25519 key that signs models.
    pub signing_key: Option<[u8; 32]>,
    /// Only signed models are accepted. It can be set once a model signed with the key is active, and cleared only by erasing the logger's flash.
    pub require_signed: bool,
}
