#![no_main]
#![doc = "[`amlstm_fuzz::subsidence`]."]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    amlstm_fuzz::subsidence(bytes);
});
