//! The PostgreSQL server under test: how to reach it, a throwaway one of our own, the schema we work
//! in, and what crashed runs left behind.

mod certificate_check;
mod connect;
mod connect_failure;
mod conninfo;
mod environment;
mod error;
mod pgpass;
mod resolve;
mod service_file;
mod spec;
mod tls;

pub use connect::Connection;
pub use environment::LibpqEnv;
pub use error::{ConnectError, ConnectFailure, SpecError};
pub use resolve::ConnectionFlags;
pub use spec::{ConnectSpec, quote_identifier};
pub use tls::SslMode;
