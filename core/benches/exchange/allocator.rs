//! The allocator of the bench: the system's, with every request for memory counted, and what is freed.
//!
//! The bench has one thread, so a counter is read and written, not added to as one step: the peers allocate, and a locked
//! addition for each time would stand in their times.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ops::{AddAssign, Sub};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The allocator, counting.
struct Counting;

static CALLS: AtomicU64 = AtomicU64::new(0);
static OCTETS: AtomicU64 = AtomicU64::new(0);
static FREED: AtomicU64 = AtomicU64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often memory was asked for, and how much.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Allocated {
    pub(crate) calls: u64,
    pub(crate) octets: u64,
}

impl Sub for Allocated {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            calls: self.calls - earlier.calls,
            octets: self.octets - earlier.octets,
        }
    }
}

impl AddAssign for Allocated {
    fn add_assign(&mut self, more: Self) {
        self.calls += more.calls;
        self.octets += more.octets;
    }
}

/// What the process has asked for so far.
pub(crate) fn allocated() -> Allocated {
    Allocated {
        calls: CALLS.load(Relaxed),
        octets: OCTETS.load(Relaxed),
    }
}

/// How many octets stand on the heap now.
pub(crate) fn live() -> u64 {
    OCTETS.load(Relaxed) - FREED.load(Relaxed)
}

fn count(octets: usize) {
    add(&CALLS, 1);
    add(&OCTETS, octets as u64);
}

fn add(counter: &AtomicU64, more: u64) {
    counter.store(counter.load(Relaxed) + more, Relaxed);
}

#[expect(
    unsafe_code,
    reason = "the only way to see allocations; every call goes to the system's allocator as it came"
)]
// SAFETY: `System` keeps the contract of `GlobalAlloc`, and we only count.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: our caller's promise is the one that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, octets: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        add(&FREED, layout.size() as u64);
        // SAFETY: as above.
        unsafe { System.realloc(octets, layout, size) }
    }

    unsafe fn dealloc(&self, octets: *mut u8, layout: Layout) {
        add(&FREED, layout.size() as u64);
        // SAFETY: as above.
        unsafe { System.dealloc(octets, layout) }
    }
}
