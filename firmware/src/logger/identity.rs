//! Identities of the channels' sensors, kept on flash.

use amlstm_core::link::{EventKind, Fault};
use serde::{Deserialize, Serialize};

use super::Logger;
use crate::board::{Clock, MappedFlash};
use crate::sense::identity::Identity;
use crate::store::{Key, StoreError};

/// The accepted sensor of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KnownSensor {
    /// Its SDI-12 address; 0 if the next sensor that answers is to be accepted.
    address: u8,
    identity: Identity,
}

impl<F: MappedFlash> Logger<F> {
    /// True if the sensor that answers at a channel is not the accepted one; the first one to answer is accepted. Logged unless `known_swapped`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_swapped(
        &mut self,
        clock: &impl Clock,
        channel: u8,
        address: u8,
        identity: &Identity,
        known_swapped: bool,
    ) -> Result<bool, StoreError> {
        let key = key_of(channel);
        let known: Option<KnownSensor> = self.store.get(key).await?;
        match known.filter(|known| known.address == address) {
            Some(known) if known.identity == *identity => Ok(false),
            Some(_) => {
                if !known_swapped {
                    // An event's text is longer than any identity.
                    let found = heapless::String::try_from(identity.as_str()).unwrap_or_default();
                    let swapped = EventKind::SensorSwapped { channel, found };
                    self.note_aside(clock, swapped).await;
                }
                Ok(true)
            }
            None => {
                let known = KnownSensor {
                    address,
                    identity: identity.clone(),
                };
                self.store.put(key, &known).await?;
                Ok(false)
            }
        }
    }

    /// Accepts the sensor that is at a channel now: the next one that answers becomes the accepted one.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub async fn accept_sensor(&mut self, channel: u8) -> Result<(), Fault> {
        let key = key_of(channel);
        let known: Option<KnownSensor> = self.store.get(key).await?;
        if known.is_some() {
            let any = KnownSensor {
                address: 0,
                identity: Identity::new(),
            };
            self.store.put(key, &any).await?;
        }
        Ok(())
    }
}

fn key_of(channel: u8) -> u8 {
    (Key::SensorIdentity as u8).saturating_add(channel)
}
