#![no_main]
#![doc = "[`amlstm_fuzz::model`]."]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    amlstm_fuzz::model(bytes);
});
