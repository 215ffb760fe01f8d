//! Counts, in unit tests only, how many octets the readers look at and move: what they cost must grow with the input and
//! not with the number of pieces in which it comes. In any other build this is nothing.

/// Notes that so many octets were looked at or moved.
#[inline]
pub(crate) fn note(octets: usize) {
    #[cfg(test)]
    counter::DONE.with(|done| done.set(done.get() + octets));
    #[cfg(not(test))]
    let _ = octets;
}

/// What was noted in this thread since the last call.
#[cfg(test)]
pub(crate) fn take() -> usize {
    counter::DONE.with(|done| done.replace(0))
}

#[cfg(test)]
mod counter {
    use core::cell::Cell;

    std::thread_local! {
        pub(super) static DONE: Cell<usize> = const { Cell::new(0) };
    }
}
