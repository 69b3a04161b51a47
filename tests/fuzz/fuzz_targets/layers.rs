#![no_main]
#![doc = "[`amlstm_fuzz::layers`]."]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    amlstm_fuzz::layers(bytes);
});
