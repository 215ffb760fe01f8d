//! What lies behind a proxy: sites, by the authority under which clients ask for them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::origin::{Peer, Site};

/// The sites that a proxy leads to. Clones are the same one.
#[derive(Clone, Default)]
pub struct Reach(Arc<Mutex<BTreeMap<String, Place>>>);

struct Place {
    site: Arc<dyn Site>,
    opened: usize,
}

impl Reach {
    /// Leads nowhere.
    pub fn new() -> Self {
        Self::default()
    }

    /// Leads to this site, too. `authority` is `host:port` with the port that the client asks for: `origin.test:443`,
    /// `10.0.0.1:80`, `[::1]:8080`.
    #[must_use]
    pub fn to(self, authority: &str, site: impl Site) -> Self {
        let place = Place {
            site: Arc::new(site),
            opened: 0,
        };
        self.lock().insert(authority.to_owned(), place);
        self
    }

    /// How many connections were opened to the site of this authority; 0 if there is none.
    pub fn opened(&self, authority: &str) -> usize {
        self.lock().get(authority).map_or(0, |place| place.opened)
    }

    /// Opens a connection; `None` if nothing is there.
    pub(super) fn connect(&self, authority: &str) -> Option<Box<dyn Peer>> {
        let mut places = self.lock();
        let place = places.get_mut(authority)?;
        let connection = place.opened;
        place.opened += 1;
        let site = Arc::clone(&place.site);
        drop(places);
        Some(site.accept(connection))
    }

    /// No place is half-made when a thread panics.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Place>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.lock().keys()).finish()
    }
}
