//! The HTTP client: one value for each simulated user, connections of its own, bodies as streams.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use service::client::{Client, ClientOptions, Endpoint, Keep, Redirects};
//! use service::request::Request;
//!
//! let options = ClientOptions::new("http://localhost:8080/sky".parse()?);
//! let mut client = Client::new(Arc::new(Endpoint::new(options)?));
//! let request = Request::get("/actuator/health", Duration::from_secs(5));
//! let mut body = Keep::new(4096);
//! let answer = client.exchange(&request, Redirects::Return, &mut body).await?;
//! assert!(answer.status.is_success() && body.text().contains("UP"));
//! # Ok(())
//! # }
//! ```

mod answer;
mod attached;
mod base_url;
mod certificate_check;
mod connect;
mod cookies;
mod course;
mod decode;
mod draft;
mod endpoint;
mod error;
mod exchange;
mod idle;
mod inspect;
mod limit;
mod location;
mod options;
mod origin;
mod pieces;
mod receive;
mod sources;
mod stream;
mod tls;
mod trouble;
mod user;
mod wire;

pub use base_url::{BaseUrl, BaseUrlError};
pub use endpoint::Endpoint;
pub use error::{EndpointError, TransportError, TransportKind};
pub use exchange::{Exchange, Redirects, SetUp};
pub use inspect::{Discard, Flow, Inspect, Keep};
pub use options::{Auth, ClientOptions, HttpVersion, TlsOptions};
pub use user::Client;
