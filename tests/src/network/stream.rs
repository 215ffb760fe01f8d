//! The client's end of a connection: the `S` of an `Engine<S>`.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, IoSlice, Read, Write};
use std::rc::Rc;

use super::fabric::Fabric;

/// The client's end of a connection on a [`Network`](super::Network). It never blocks; dropping it closes it.
pub struct Stream {
    pub(super) fabric: Rc<RefCell<Fabric>>,
    pub(super) line: usize,
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.fabric.borrow_mut().read(self.line, into)
    }
}

impl Write for Stream {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(octets)])
    }

    /// Takes from all of the slices: a cut may fall into any of them.
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.fabric.borrow_mut().write(self.line, slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.fabric.borrow_mut().close(self.line);
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)
    }
}
