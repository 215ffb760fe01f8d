//! libFuzzer on [`sessile_fuzz::proxies`]: a proxy is what its value says, and shows nobody its password.
//!
//! Without `cargo fuzz` the program runs the files that it is given: the way to look at a finding on stable.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: &[u8]| sessile_fuzz::proxies(input));

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    sessile_fuzz::replay(sessile_fuzz::proxies)
}
