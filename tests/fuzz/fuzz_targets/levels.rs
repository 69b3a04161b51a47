#![no_main]
#![doc = "[`amlstm_fuzz::levels`]."]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    amlstm_fuzz::levels(bytes);
});
