//! The PostgreSQL server under test: how to reach it, a throwaway one of our own, the schema we work
//! in, and what crashed runs left behind.

mod attended;
mod certificate_check;
mod connect;
mod connect_failure;
mod conninfo;
mod embedded;
mod embedded_error;
mod environment;
mod error;
mod flags;
mod leftovers;
mod pgpass;
mod postgres_binaries;
mod process;
mod resolve;
mod schema;
mod schema_drop;
mod schema_error;
mod schema_marker;
mod server_folder;
mod server_leftovers;
mod server_list;
mod server_process;
mod server_settings;
mod service_file;
mod sky_extensions;
mod spec;
mod tls;

pub use attended::{Attendant, Attended};
pub use connect::Connection;
pub use embedded::{Embedded, EmbeddedOptions, Listen};
pub use embedded_error::EmbeddedError;
pub use environment::LibpqEnv;
pub use error::{ConnectError, ConnectFailure, SpecError};
pub use flags::ConnectionFlags;
pub use leftovers::{Leftover, leftovers, remove};
pub use postgres_binaries::PostgresBinaries;
pub use process::ProcessIdentity;
pub use schema::OwnSchema;
pub use schema_error::SchemaError;
pub use schema_marker::Marker;
pub use server_leftovers::{ServerLeftover, remove_server_leftover, server_leftovers};
pub use sky_extensions::install_sky_extensions;
pub use spec::{ConnectSpec, quote_identifier};
pub use tls::SslMode;
