//! The interrupt vectors of an image that enables no interrupt.
#![allow(unsafe_code)]

unsafe extern "C" {
    fn DefaultHandler();
}

/// One vector, because cortex-m-rt's linker script refuses a table without any.
// SAFETY: cortex-m-rt's script places the section behind the exceptions and requires this name, and nothing else defines it; `DefaultHandler` is a
// handler.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [unsafe extern "C" fn(); 1] = [DefaultHandler];
