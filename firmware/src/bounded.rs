//! Lists of fixed capacity from iterators: `collect` would panic where an iterator is too long.

use heapless::Vec;

/// The first items, as many as there is room for.
pub fn collect_bounded<T, const N: usize>(items: impl IntoIterator<Item = T>) -> Vec<T, N> {
    let mut list = Vec::new();
    for item in items.into_iter().take(N) {
        // There is room: at most N come.
        let _ = list.push(item);
    }
    list
}
