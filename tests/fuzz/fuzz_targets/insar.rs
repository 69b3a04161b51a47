#![no_main]
#![doc = "[`amlstm_fuzz::insar`]."]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    amlstm_fuzz::insar(bytes);
});
