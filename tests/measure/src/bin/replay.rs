//! Runs a block of model file and levels ([`amlstm_measure::replay`]) on the host and prints the digest of all its bits, as `estimate` does on a device.
//!
//! It prints the same with any profile and for any processor; the tests compare.

use std::process::ExitCode;

use amlstm_measure::replay::Replay;

fn main() -> ExitCode {
    match digest() {
        Ok(digest) => {
            println!("digest {digest:08x}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn digest() -> Result<u32, Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: replay FILE")?;
    let bytes = std::fs::read(path)?;
    // A model's weights are used where they lie, so the block must lie at a multiple of 4 bytes.
    let words: Vec<u32> = bytemuck::pod_collect_to_vec(&bytes);
    Ok(Replay::parse(bytemuck::cast_slice(&words))?.run(|_| ())?)
}
