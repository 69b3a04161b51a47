#![no_main]
#![doc = "[`amlstm_fuzz::config`]."]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    amlstm_fuzz::config(bytes);
});
