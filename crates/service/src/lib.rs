//! The services under test: what can be asked of them (API profiles), how it is asked (an HTTP client),
//! how answers are judged (protocol readers), and a reference service that does real work.

pub mod calibration;
pub mod client;
pub mod connection;
pub mod profile;
pub mod protocol;
pub mod reference;
pub mod request;
pub mod session;
pub mod setting;
