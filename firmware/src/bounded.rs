//! Lists of fixed capacity from iterators: `collect` would panic if an iterator is too long.

use heapless::Vec;

/// Collects the first items, as many as fit.
pub fn collect_bounded<T, const N: usize>(items: impl IntoIterator<Item = T>) -> Vec<T, N> {
    let mut list = Vec::new();
    for item in items.into_iter().take(N) {
        // There is room: `take` yields at most N.
        let _ = list.push(item);
    }
    list
}
