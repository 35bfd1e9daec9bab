#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aegis_agents::fuzzing::hook_settings(data));
