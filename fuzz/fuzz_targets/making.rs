//! libFuzzer on [`sessile_fuzz::making`]: whatever a proxy or a TLS peer says, the same comes of it, and nothing leaks.
//!
//! Without `cargo fuzz` the program runs the files that it is given: the way to look at a finding on stable.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: &[u8]| sessile_fuzz::making(input));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    sessile_fuzz::replay(sessile_fuzz::making)
}
