//! TLS with rustls: what is trusted, and the client's own certificate.

use std::path::Path;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::certificate_check::ServerCheck;
use super::{EndpointError, HttpVersion, TlsOptions};

/// Reads the files and makes the configuration.
pub(super) fn client_config(
    options: &TlsOptions,
    version: HttpVersion,
    needed: bool,
) -> Result<ClientConfig, EndpointError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let check = server_check(options, needed, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap_or_else(|error| unreachable!("ring offers the default versions: {error}"))
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(check));
    let mut config = match (&options.certificate_file, &options.key_file) {
        (None, None) => builder.with_no_client_auth(),
        (Some(certificate), Some(key)) => {
            let chain = read_certificates("client certificate", certificate)?;
            let key = PrivateKeyDer::from_pem_file(key)
                .map_err(|error| pem_error("client key", key, error))?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| bad("client certificate", certificate, &error))?
        }
        (certificate, _) => {
            let (given, missing) = if certificate.is_some() {
                ("certificate", "key")
            } else {
                ("key", "certificate")
            };
            return Err(EndpointError::HalfIdentity { given, missing });
        }
    };
    // The clients of an endpoint are different users: none may resume what another one negotiated.
    config.resumption = Resumption::disabled();
    config.alpn_protocols = match version {
        HttpVersion::Auto => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        HttpVersion::Http1 => vec![b"http/1.1".to_vec()],
        HttpVersion::Http2 => vec![b"h2".to_vec()],
    };
    Ok(config)
}

fn server_check(
    options: &TlsOptions,
    needed: bool,
    provider: &Arc<CryptoProvider>,
) -> Result<ServerCheck, EndpointError> {
    const WHAT: &str = "certificate authority";
    if options.insecure {
        return Ok(ServerCheck::nothing(provider));
    }
    let roots = match &options.ca_file {
        Some(path) => read_certificates(WHAT, path)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots.iter().cloned());
    match &options.ca_file {
        Some(path) if store.is_empty() => {
            Err(bad(WHAT, path, &"it holds no certificate that can be read"))
        }
        None if store.is_empty() && needed => Err(EndpointError::NoSystemRoots),
        // Only a certificate that the user named is trusted as it is.
        Some(_) => Ok(ServerCheck::chain(store, roots, provider)),
        None => Ok(ServerCheck::chain(store, Vec::new(), provider)),
    }
}

fn read_certificates(
    what: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, EndpointError> {
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| pem_error(what, path, error))?;
    if certificates.is_empty() {
        return Err(bad(what, path, &"it holds no PEM certificate"));
    }
    Ok(certificates)
}

fn bad(what: &'static str, path: &Path, reason: &dyn std::fmt::Display) -> EndpointError {
    EndpointError::BadCertificate {
        what,
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

fn pem_error(
    what: &'static str,
    path: &Path,
    error: rustls::pki_types::pem::Error,
) -> EndpointError {
    use rustls::pki_types::pem::Error;
    match error {
        Error::Io(source) => EndpointError::Unreadable {
            what,
            path: path.to_owned(),
            source,
        },
        // Its text would show the bytes of the file, which may be a key.
        Error::NoItemsFound => bad(what, path, &"it holds no PEM item of this kind"),
        _ => bad(what, path, &"it is not valid PEM"),
    }
}
