#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| drop(aegis_audit::fuzzing::fuzz_reader(data)));
