//! TLS as libpq's `sslmode` describes it, with rustls.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::certificate_check::{Level, ServerCheck};
use super::error::SpecError;

/// libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SslMode {
    /// Never encrypted.
    Disable,
    /// Unencrypted, then encrypted if the server refuses that.
    Allow,
    /// Encrypted, then unencrypted if the server does not offer TLS.
    #[default]
    Prefer,
    /// Encrypted; the certificate is checked only when a root certificate is given.
    Require,
    /// Encrypted; the certificate must be signed by a trusted authority.
    VerifyCa,
    /// As `VerifyCa`, and the certificate must be for the host connected to.
    VerifyFull,
}

impl SslMode {
    const ALL: [Self; 6] = [
        Self::Disable,
        Self::Allow,
        Self::Prefer,
        Self::Require,
        Self::VerifyCa,
        Self::VerifyFull,
    ];

    /// The mode's name as libpq spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Allow => "allow",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, SpecError> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.name() == text)
            .ok_or_else(|| SpecError::BadValue {
                name: "sslmode",
                value: text.to_owned(),
                rule: "one of disable, allow, prefer, require, verify-ca, verify-full",
            })
    }
}

/// The files and mode of TLS, as given.
#[derive(Debug, Clone, Default)]
pub(super) struct TlsFiles {
    pub(super) mode: Option<SslMode>,
    /// A file, or the word `system`.
    pub(super) root: Option<String>,
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) home: Option<PathBuf>,
}

/// The mode and the connector made of the files.
#[derive(Clone)]
pub(super) struct Tls {
    pub(super) mode: SslMode,
    pub(super) connector: MakeRustlsConnect,
}

impl TlsFiles {
    /// Reads the certificates and makes the connector.
    pub(super) fn load(&self) -> Result<Tls, SpecError> {
        let system = self.root.as_deref() == Some("system");
        let mode = self.mode.unwrap_or(if system {
            SslMode::VerifyFull
        } else {
            SslMode::default()
        });
        if system && mode != SslMode::VerifyFull {
            return Err(SpecError::BadValue {
                name: "sslmode",
                value: mode.name().to_owned(),
                rule: "verify-full with `sslrootcert=system`",
            });
        }
        let roots = match mode {
            SslMode::Disable => Vec::new(),
            _ if system => system_roots()?,
            _ => self.roots(mode)?,
        };
        let level = match mode {
            SslMode::VerifyFull => Level::ChainAndName,
            _ if roots.is_empty() => Level::Nothing,
            _ => Level::Chain,
        };
        let config = self.client_config(level, roots)?;
        Ok(Tls {
            mode,
            connector: MakeRustlsConnect::new(config),
        })
    }

    /// The root certificates: of `sslrootcert`, else of the default file when it exists.
    fn roots(&self, mode: SslMode) -> Result<Vec<CertificateDer<'static>>, SpecError> {
        const WHAT: &str = "root certificate";
        let verifies = matches!(mode, SslMode::VerifyCa | SslMode::VerifyFull);
        let path = match &self.root {
            Some(given) => PathBuf::from(given),
            None => self.default_file("root.crt"),
        };
        if !path.exists() && verifies && self.root.is_none() {
            return Err(SpecError::NoRootCertificate {
                mode: mode.name(),
                path,
            });
        }
        if !path.exists() && self.root.is_none() {
            return Ok(Vec::new());
        }
        read_certificates(WHAT, &path)
    }

    fn default_file(&self, name: &str) -> PathBuf {
        let home = self.home.clone().unwrap_or_default();
        home.join(".postgresql").join(name)
    }

    fn client_config(
        &self,
        level: Level,
        roots: Vec<CertificateDer<'static>>,
    ) -> Result<ClientConfig, SpecError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(roots.iter().cloned());
        if store.is_empty() && level != Level::Nothing {
            return Err(SpecError::BadCertificate {
                what: "root certificate",
                path: self
                    .root
                    .as_ref()
                    .map_or_else(|| self.default_file("root.crt"), PathBuf::from),
                reason: "it holds no certificate of an authority".to_owned(),
            });
        }
        let check = ServerCheck::new(level, roots, store, &provider);
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap_or_else(|error| unreachable!("ring offers the default versions: {error}"))
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(check));
        let Some((chain, key, path)) = self.client_certificate()? else {
            return Ok(builder.with_no_client_auth());
        };
        builder
            .with_client_auth_cert(chain, key)
            .map_err(|error| SpecError::BadCertificate {
                what: "client certificate",
                path,
                reason: error.to_string(),
            })
    }

    fn client_certificate(
        &self,
    ) -> Result<
        Option<(
            Vec<CertificateDer<'static>>,
            PrivateKeyDer<'static>,
            PathBuf,
        )>,
        SpecError,
    > {
        let default = self.default_file("postgresql.crt");
        let certificate = match &self.certificate {
            Some(given) => given.clone(),
            None if self.mode != Some(SslMode::Disable) && default.exists() => default,
            None => return Ok(None),
        };
        let key = self
            .key
            .clone()
            .unwrap_or_else(|| self.default_file("postgresql.key"));
        let chain = read_certificates("client certificate", &certificate)?;
        let secret = PrivateKeyDer::from_pem_file(&key)
            .map_err(|error| pem_error("client key", &key, error))?;
        Ok(Some((chain, secret, certificate)))
    }
}

fn system_roots() -> Result<Vec<CertificateDer<'static>>, SpecError> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        return Err(SpecError::NoSystemRoots);
    }
    Ok(found.certs)
}

fn read_certificates(
    what: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, SpecError> {
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| pem_error(what, path, error))?;
    if certificates.is_empty() {
        return Err(SpecError::BadCertificate {
            what,
            path: path.to_owned(),
            reason: "it holds no PEM certificate".to_owned(),
        });
    }
    Ok(certificates)
}

fn pem_error(what: &'static str, path: &Path, error: rustls::pki_types::pem::Error) -> SpecError {
    let path = path.to_owned();
    match error {
        rustls::pki_types::pem::Error::Io(source) => SpecError::Unreadable { what, path, source },
        other => SpecError::BadCertificate {
            what,
            path,
            reason: format!("{other:?}"),
        },
    }
}
