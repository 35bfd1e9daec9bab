#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| aegis_gate::fuzzing::proxy_hello(data));
