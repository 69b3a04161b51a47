//! Queues of items, each appended atomically.

use core::ops::{ControlFlow, Range};

use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::queue::{QueueConfig, QueueStorage};

use super::StoreError;
use crate::board::MappedFlash;

/// Longest item in bytes: eight channels of a month or a sample, with their item headers.
pub const ITEM_BYTES: usize = 320;
/// Attempts to write an item until it can be read back.
pub const TRIES: usize = 3;

type Queue<'f, F> = QueueStorage<&'f mut F, Cache<Uncached, Uncached, Uncached, ()>>;

fn queue<F: MappedFlash>(flash: &mut F, region: Range<u32>) -> Result<Queue<'_, F>, StoreError> {
    let config = QueueConfig::try_new(region).map_err(|_| StoreError::Flash)?;
    Ok(QueueStorage::new(flash, config, Cache::new_uncached()))
}

/// Appends an item and reads it back.
///
/// After a power cut within an item's header, the next item can be lost although its write succeeded (sequential-storage issue 136): the rest of the
/// old header and the new one are read as one. The item is then appended once more, behind them.
///
/// # Errors
/// [`StoreError::Full`] unless `overwrite` allows to drop the oldest items, [`StoreError::NotKept`], [`StoreError::Flash`].
pub async fn push<F: MappedFlash>(
    flash: &mut F,
    region: &Range<u32>,
    bytes: &[u8],
    overwrite: bool,
) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        queue(flash, region.clone())?.push(bytes, overwrite).await?;
        let mut kept = false;
        each_item(flash, region.clone(), &mut |item| {
            kept = item == bytes;
            ControlFlow::Continue(())
        })
        .await?;
        if kept {
            return Ok(());
        }
    }
    Err(StoreError::NotKept)
}

/// Calls `visit` with each item, oldest first, until it returns `Break`. The image holds this code once, whoever visits.
///
/// # Errors
/// [`StoreError::Flash`].
pub async fn each_item<F: MappedFlash>(
    flash: &mut F,
    region: Range<u32>,
    visit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<(), StoreError> {
    let mut queue = queue(flash, region)?;
    let mut items = queue.iter().await?;
    let mut buffer = [0; ITEM_BYTES];
    while let Some(item) = items.next(&mut buffer).await? {
        if visit(&item).is_break() {
            break;
        }
    }
    Ok(())
}

/// Erases all items.
///
/// # Errors
/// [`StoreError::Flash`].
pub async fn erase<F: MappedFlash>(flash: &mut F, region: Range<u32>) -> Result<(), StoreError> {
    Ok(queue(flash, region)?.erase_all().await?)
}

/// Free bytes, without dropping old items.
///
/// # Errors
/// [`StoreError::Flash`].
pub async fn space_left<F: MappedFlash>(
    flash: &mut F,
    region: Range<u32>,
) -> Result<u32, StoreError> {
    Ok(queue(flash, region)?.space_left().await?)
}
