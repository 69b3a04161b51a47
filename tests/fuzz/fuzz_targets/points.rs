#![no_main]
#![doc = "[`amlstm_fuzz::points`]."]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    amlstm_fuzz::points(bytes);
});
