//! The boards whose QEMU machines the device tests run on.

/// One QEMU machine and the image that fits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Board {
    /// QEMU's machine, which also names the board's crate and the feature of `tests/measure`.
    pub machine: &'static str,
    /// Its core, as the documents name it.
    pub core: &'static str,
    /// What the image is built for.
    pub target: &'static str,
}

/// Cortex-M4 with FPU.
pub const CORTEX_M4F: Board = Board {
    machine: "mps2-an386",
    core: "Cortex-M4F",
    target: "thumbv7em-none-eabihf",
};

/// Cortex-M33 with FPU.
pub const CORTEX_M33: Board = Board {
    machine: "mps2-an505",
    core: "Cortex-M33",
    target: "thumbv8m.main-none-eabihf",
};

/// Cortex-M3, software floating point.
pub const CORTEX_M3: Board = Board {
    machine: "mps2-an385",
    core: "Cortex-M3",
    target: "thumbv7m-none-eabi",
};

/// Cortex-M0, software floating point, no hardware division, 16 KiB RAM. Runs Cortex-M0+ code: the instruction set is the same.
pub const CORTEX_M0: Board = Board {
    machine: "microbit",
    core: "Cortex-M0+",
    target: "thumbv6m-none-eabi",
};

/// A board that QEMU has no machine for: its image runs on a simulated chip ([`crate::chip`]).
pub const NRF52840_DK: Board = Board {
    machine: "nrf52840-dk",
    ..CORTEX_M4F
};

/// Every board in QEMU.
pub const BOARDS: [Board; 4] = [CORTEX_M4F, CORTEX_M33, CORTEX_M3, CORTEX_M0];
