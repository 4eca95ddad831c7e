#![no_std]
//! Placeholder.
#[cfg(target_arch="wasm32")] #[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { core::arch::wasm32::unreachable() }
