#![no_main]
#![doc = "[`amlstm_fuzz::wells`]."]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    amlstm_fuzz::wells(bytes);
});
