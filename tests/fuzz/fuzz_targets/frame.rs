#![no_main]
#![doc = "[`amlstm_fuzz::frame`]."]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    amlstm_fuzz::frame(bytes);
});
