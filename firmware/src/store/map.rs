//! The map: configuration and state, each value under its [`Key`](super::Key) and with its version.

use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapStorage};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::packed::pack;
use super::queue::{self, ITEM_BYTES};
use super::versioned::Versioned;
use super::{Store, StoreError};
use crate::board::MappedFlash;

/// A value that this firmware cannot decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

type MapOf<'f, F> = MapStorage<u8, &'f mut F, Cache<Uncached, Uncached, Uncached, u8>>;

impl<F: MappedFlash> Store<F> {
    /// Reads a value of the map. A value that this firmware cannot decode is counted and treated as absent.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn get<T: DeserializeOwned>(&mut self, key: u8) -> Result<Option<T>, StoreError> {
        Ok(self.try_get(key).await?.and_then(Result::ok))
    }

    /// As [`Store::get`], with an error for a value that this firmware cannot decode.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn try_get<T: DeserializeOwned>(
        &mut self,
        key: u8,
    ) -> Result<Option<Result<T, Unreadable>>, StoreError> {
        let mut buffer = [0; ITEM_BYTES];
        let mut map = self.map()?;
        let bytes: Result<Option<&[u8]>, _> = map.fetch_item(&mut buffer, &key).await;
        let read = match bytes {
            Ok(bytes) => bytes.map(|bytes| {
                postcard::from_bytes::<Versioned<T>>(bytes)
                    .map(Versioned::newest)
                    .map_err(|_| Unreadable)
            }),
            Err(error) => return Err(self.failed(error.into())),
        };
        if matches!(read, Some(Err(Unreadable))) {
            self.held.unreadable = self.held.unreadable.saturating_add(1);
        }
        Ok(read)
    }

    /// Writes a value of the map.
    ///
    /// # Errors
    /// [`StoreError::Flash`], [`StoreError::Full`], [`StoreError::TooLarge`], [`StoreError::NotKept`].
    pub async fn put<T: Serialize>(&mut self, key: u8, value: &T) -> Result<(), StoreError> {
        self.store(key, &Versioned::V1(value)).await
    }

    fn map(&mut self) -> Result<MapOf<'_, F>, StoreError> {
        let config =
            MapConfig::try_new(self.layout.config.clone()).map_err(|_| StoreError::Flash)?;
        Ok(MapStorage::new(
            &mut self.flash,
            config,
            Cache::new_uncached(),
        ))
    }

    pub(super) async fn fetch<T: DeserializeOwned>(
        &mut self,
        key: u8,
    ) -> Result<Option<T>, StoreError> {
        let mut buffer = [0; ITEM_BYTES];
        let mut map = self.map()?;
        let bytes: Result<Option<&[u8]>, _> = map.fetch_item(&mut buffer, &key).await;
        match bytes {
            Ok(bytes) => Ok(bytes.and_then(|bytes| postcard::from_bytes(bytes).ok())),
            Err(error) => Err(self.failed(error.into())),
        }
    }

    /// Writes a value of the map and reads it back; [`queue::push`] says why.
    pub(super) async fn store<T: Serialize>(
        &mut self,
        key: u8,
        value: &T,
    ) -> Result<(), StoreError> {
        let mut value_bytes = [0; ITEM_BYTES - 8];
        let value_bytes = pack(&[key], value, &mut value_bytes)?;
        let mut buffer = [0; ITEM_BYTES];
        for _ in 0..queue::TRIES {
            let mut map = self.map()?;
            let stored = map.store_item(&mut buffer, &key, &value_bytes).await;
            if let Err(error) = stored {
                return Err(self.failed(error.into()));
            }
            // A new map, without any cached state of the write.
            let mut map = self.map()?;
            let kept: Result<Option<&[u8]>, _> = map.fetch_item(&mut buffer, &key).await;
            match kept {
                Ok(kept) if kept == Some(value_bytes) => return Ok(()),
                Ok(_) => {}
                Err(error) => return Err(self.failed(error.into())),
            }
        }
        Err(self.failed(StoreError::NotKept))
    }
}
