#![no_main]
#![doc = "[`amlstm_fuzz::import`]."]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    amlstm_fuzz::import(bytes);
});
