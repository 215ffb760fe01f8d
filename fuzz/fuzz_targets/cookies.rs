//! libFuzzer on [`sessile_fuzz::cookies`]: whatever servers set, a request carries what it must and no more.
//!
//! Without `cargo fuzz` the program runs the files that it is given: the way to look at a finding on stable.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: &[u8]| sessile_fuzz::cookies(input));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    sessile_fuzz::replay(sessile_fuzz::cookies)
}
