//! What several tests share.

pub mod drive;
pub mod generate;
pub mod record;
