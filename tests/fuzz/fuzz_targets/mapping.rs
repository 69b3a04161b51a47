#![no_main]
#![doc = "[`amlstm_fuzz::mapping`]."]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    amlstm_fuzz::mapping(bytes);
});
