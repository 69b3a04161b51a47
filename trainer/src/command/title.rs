//! A model file in the first line of what is said about it.

use amlstm_core::artifact::ModelFile;

/// Well, whether it is synthetic, and the file's checksum.
pub fn of_model(file: &ModelFile) -> String {
    let record = file.record();
    let synthetic = if record.synthetic {
        " (SYNTHETIC data)"
    } else {
        ""
    };
    format!("well {}{synthetic}, model {:08x}", record.well, file.crc())
}
