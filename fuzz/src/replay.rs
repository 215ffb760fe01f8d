//! Running one target over files: what a target's program does when libFuzzer is not linked in.

use std::io;

/// Runs an invariant over every file named in the program's arguments. It panics at the first that does not hold.
///
/// # Errors
/// If a file cannot be read.
pub fn replay(invariant: fn(&[u8])) -> io::Result<()> {
    for path in std::env::args_os().skip(1) {
        invariant(&std::fs::read(&path)?);
        println!("{}: holds", path.display());
    }
    Ok(())
}
