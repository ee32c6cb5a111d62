//! TLS between a master and its workers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// A file of certificates or keys that is of no use.
#[derive(Debug, thiserror::Error)]
#[error("failed to use `{}` as {what}: {reason}", path.display())]
pub struct TlsFileError {
    what: &'static str,
    path: PathBuf,
    reason: String,
}

fn certificates(
    what: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, TlsFileError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(read) if !read.is_empty() => Ok(read),
        Ok(_) => Err(bad(what, path, "it holds no PEM certificate")),
        Err(error) => Err(bad(what, path, pem_reason(&error))),
    }
}

/// The reason without what the file holds, which may be a key.
fn pem_reason(error: &rustls::pki_types::pem::Error) -> String {
    match error {
        rustls::pki_types::pem::Error::Io(error) => error.to_string(),
        rustls::pki_types::pem::Error::NoItemsFound => "it holds no PEM item of this kind".into(),
        _ => "it is not valid PEM".into(),
    }
}

fn bad(what: &'static str, path: &Path, reason: impl Into<String>) -> TlsFileError {
    TlsFileError {
        what,
        path: path.to_owned(),
        reason: reason.into(),
    }
}

/// The master's side.
pub(super) fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, TlsFileError> {
    let chain = certificates("certificate", certificate)?;
    let secret =
        PrivateKeyDer::from_pem_file(key).map_err(|error| bad("key", key, pem_reason(&error)))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| bad("certificate", certificate, error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|error| bad("certificate", certificate, error.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The worker's side: trusts what the authorities of a file say.
#[derive(Clone)]
pub(super) struct Trust {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Trust").field(&self.name).finish()
    }
}

impl Trust {
    pub(super) fn new(authorities: &Path, host: &str) -> Result<Self, TlsFileError> {
        const WHAT: &str = "certificate authority";
        let mut roots = RootCertStore::empty();
        for certificate in certificates(WHAT, authorities)? {
            roots
                .add(certificate)
                .map_err(|error| bad(WHAT, authorities, error.to_string()))?;
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|_| {
            bad(
                WHAT,
                authorities,
                format!("no certificate can name the host `{host}`"),
            )
        })?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| bad(WHAT, authorities, error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            name,
        })
    }

    pub(super) async fn connect(
        &self,
        stream: tokio::net::TcpStream,
    ) -> std::io::Result<tokio_rustls::client::TlsStream<tokio::net::TcpStream>> {
        self.connector.connect(self.name.clone(), stream).await
    }
}
