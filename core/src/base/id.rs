//! Ids: an index that says where a thing lives and a generation that says which tenant is meant.
//!
//! An id outlives its thing harmlessly: a late answer to an old id finds a newer generation and is ignored.

/// Where a thing lives in its slab, and which tenant of that place is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// One request that the application submitted, from `submit` until its end, failure or cancellation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(crate) Key);

/// One transport connection, from the first dial to its close.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub(crate) Key);

/// One connection in the making: a name that is being resolved, addresses that are being tried.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EstablishId(pub(crate) Key);

impl ConnectionId {
    /// The place of this connection among all open ones: small, dense, used again after a close.
    ///
    /// Made for a driver's own tables and for event tokens; look the id up again with
    /// [`Engine::connection_at`](crate::Engine::connection_at).
    pub fn index(self) -> usize {
        self.0.index as usize
    }
}

impl RequestId {
    /// The place of this request among all that are under way: small, dense, used again after its end.
    pub fn index(self) -> usize {
        self.0.index as usize
    }
}

impl core::fmt::Debug for RequestId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "request {}.{}", self.0.index, self.0.generation)
    }
}

impl core::fmt::Debug for ConnectionId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "connection {}.{}", self.0.index, self.0.generation)
    }
}

impl core::fmt::Debug for EstablishId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "establish {}.{}", self.0.index, self.0.generation)
    }
}
