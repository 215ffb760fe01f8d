//! libFuzzer on [`sessile_fuzz::encode`]: whatever an application asks for, one request goes out or none does.
//!
//! Without `cargo fuzz` the program runs the files that it is given: the way to look at a finding on stable.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: &[u8]| sessile_fuzz::encode(input));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    sessile_fuzz::replay(sessile_fuzz::encode)
}
