//! What the four tools share: the sky, the way load is offered and recorded, the result document,
//! its assessment and its renderings.
//!
//! The crate knows no SQL, no HTTP and no Kubernetes, and prints nothing except through [`cli`].

pub mod assess;
pub mod cli;
pub mod files;
pub mod fits;
pub mod load;
pub mod record;
pub mod redact;
pub mod render;
pub mod report;
pub mod sky;
pub mod units;
