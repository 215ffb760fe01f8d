//! What a proxy notes of its clients, for tests to look at.

use std::sync::{Arc, Mutex, PoisonError};

use super::Fault;

/// Things of one kind in the order in which they came, on all connections. Clones are the same list.
#[derive(Debug)]
pub(super) struct Record<T>(Arc<Mutex<Vec<T>>>);

impl<T: Clone> Record<T> {
    pub(super) fn note(&self, thing: T) {
        let mut things = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        things.push(thing);
    }

    pub(super) fn all(&self) -> Vec<T> {
        let things = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        things.clone()
    }
}

impl<T> Clone for Record<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Record<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// The faults of all clients of one proxy.
pub(super) type Faults = Record<Fault>;
