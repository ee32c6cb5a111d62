//! What the tests of the live views share.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
#![allow(dead_code, reason = "each test target uses another part of it")]

pub(crate) mod browser;
pub(crate) mod http;
pub(crate) mod page;
pub(crate) mod rehearsal;
