//! What is known of a name: how far the lookup of each family is, and which addresses have come of it.

use core::net::SocketAddr;

use super::addresses::{Addresses, Family};
use super::settings::Families;

/// What came of looking for the addresses of a name.
#[derive(Clone, Copy, Debug)]
pub enum Lookup<'a> {
    /// The addresses, in the order in which they are to be tried; there may be none.
    Addresses(&'a [SocketAddr]),
    /// There is no answer, and there will be none.
    Failed,
}

/// How far the lookup of a family is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Unasked,
    Pending,
    Answered,
    Failed,
    TimedOut,
}

#[derive(Clone, Debug)]
struct Side {
    standing: Standing,
    addresses: Addresses,
}

/// Both families.
#[derive(Clone, Debug)]
pub(super) struct Lookups {
    asked: Families,
    v6: Side,
    v4: Side,
}

impl Lookups {
    pub(super) fn new(asked: Families) -> Self {
        let side = |family| Side {
            standing: match asked.include(family) {
                true => Standing::Pending,
                false => Standing::Unasked,
            },
            addresses: Addresses::default(),
        };
        Self {
            asked,
            v6: side(Family::V6),
            v4: side(Family::V4),
        }
    }

    /// A family's first answer. Each address goes to the family that it is of, whichever answer names it.
    pub(super) fn learn(&mut self, family: Family, answer: Lookup<'_>) {
        let side = self.side_mut(family);
        if side.standing != Standing::Pending {
            return;
        }
        let Lookup::Addresses(addresses) = answer else {
            side.standing = Standing::Failed;
            return;
        };
        side.standing = Standing::Answered;
        for address in addresses {
            let family = Family::of(address);
            if self.asked.include(family) {
                self.side_mut(family).addresses.add(*address);
            }
        }
    }

    /// No answer is waited for any longer.
    pub(super) fn stop(&mut self) {
        for side in [&mut self.v6, &mut self.v4] {
            if side.standing == Standing::Pending {
                side.standing = Standing::TimedOut;
            }
        }
    }

    pub(super) fn any(&self, standing: Standing) -> bool {
        [&self.v6, &self.v4]
            .iter()
            .any(|side| side.standing == standing)
    }

    /// Whether an address is known that has not been tried.
    pub(super) fn has_address(&self) -> bool {
        !(self.v6.addresses.is_exhausted() && self.v4.addresses.is_exhausted())
    }

    /// Whether this family may still give its first address.
    pub(super) fn is_awaited(&self, family: Family) -> bool {
        let side = self.side(family);
        side.standing == Standing::Pending && side.addresses.is_exhausted()
    }

    /// The next address of this family, or else of the other.
    pub(super) fn take(&mut self, family: Family) -> Option<SocketAddr> {
        let first = self.side_mut(family).addresses.take();
        first.or_else(|| self.side_mut(family.other()).addresses.take())
    }

    fn side(&self, family: Family) -> &Side {
        match family {
            Family::V6 => &self.v6,
            Family::V4 => &self.v4,
        }
    }

    fn side_mut(&mut self, family: Family) -> &mut Side {
        match family {
            Family::V6 => &mut self.v6,
            Family::V4 => &mut self.v4,
        }
    }
}
