//! The check of a server's certificate, at the level that `sslmode` asks for.
//!
//! It accepts what libpq accepts beyond the web's rules: a self-signed server certificate that is
//! itself the root certificate, and a certificate whose only name is its common name.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::{PrintableStringRef, Utf8StringRef};
use x509_cert::der::oid::db::rfc4519::COMMON_NAME;
use x509_cert::ext::pkix::SubjectAltName;

/// How much is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// Nothing: the connection is encrypted, the server not authenticated.
    Nothing,
    /// The chain of signatures up to a trusted authority.
    Chain,
    /// The chain, and that the certificate is for the host.
    ChainAndName,
}

/// The verifier given to rustls.
#[derive(Debug)]
pub(super) struct ServerCheck {
    level: Level,
    roots: Vec<CertificateDer<'static>>,
    chain: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCheck {
    pub(super) fn new(
        level: Level,
        roots: Vec<CertificateDer<'static>>,
        store: RootCertStore,
        provider: &Arc<CryptoProvider>,
    ) -> Self {
        let chain =
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider))
                .build()
                .ok();
        Self {
            level,
            roots,
            chain,
            provider: Arc::clone(provider),
        }
    }

    fn check_name(&self, certificate: &Certificate, name: &ServerName<'_>) -> Result<(), Error> {
        if self.level != Level::ChainAndName || common_name_is(certificate, name) {
            return Ok(());
        }
        Err(CertificateError::NotValidForName.into())
    }
}

impl ServerCertVerifier for ServerCheck {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.level == Level::Nothing {
            return Ok(ServerCertVerified::assertion());
        }
        let Some(chain) = &self.chain else {
            return Err(CertificateError::UnknownIssuer.into());
        };
        let verdict =
            chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        let Err(error) = verdict else {
            return verdict;
        };
        let parsed = Certificate::from_der(end_entity)
            .map_err(|_| Error::from(CertificateError::BadEncoding))?;
        if is_wrong_name(&error) {
            // webpki checks the name last: the chain is good.
            self.check_name(&parsed, server_name).map_err(|_| error)?;
            return Ok(ServerCertVerified::assertion());
        }
        if !self.roots.iter().any(|root| root == end_entity) {
            return Err(error);
        }
        check_dates(&parsed, now)?;
        if self.level == Level::ChainAndName {
            let end_entity = rustls::server::ParsedCertificate::try_from(end_entity)?;
            rustls::client::verify_server_name(&end_entity, server_name)
                .or_else(|error| self.check_name(&parsed, server_name).map_err(|_| error))?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.level == Level::Nothing {
            // An unauthenticated server may also have a certificate of an outdated version, which
            // webpki cannot read; its signature would prove nothing.
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.level == Level::Nothing {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Whether the error says that the certificate is for another name.
pub(super) fn is_wrong_name(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        )
    )
}

/// libpq's rule for certificates without a subject alternative name: the common name counts.
fn common_name_is(certificate: &Certificate, name: &ServerName<'_>) -> bool {
    let certificate = &certificate.tbs_certificate;
    let has_names = !matches!(certificate.get::<SubjectAltName>(), Ok(None));
    if has_names {
        return false;
    }
    let wanted = name.to_str();
    certificate
        .subject
        .0
        .iter()
        .flat_map(|part| part.0.iter())
        .filter(|attribute| attribute.oid == COMMON_NAME)
        .any(|attribute| {
            let value = &attribute.value;
            let text = value
                .decode_as::<Utf8StringRef<'_>>()
                .map(|text| text.as_str().to_owned())
                .or_else(|_| {
                    value
                        .decode_as::<PrintableStringRef<'_>>()
                        .map(|text| text.as_str().to_owned())
                });
            text.is_ok_and(|text| text.eq_ignore_ascii_case(&wanted))
        })
}

fn check_dates(certificate: &Certificate, now: UnixTime) -> Result<(), Error> {
    let validity = &certificate.tbs_certificate.validity;
    if now.as_secs() < validity.not_before.to_unix_duration().as_secs() {
        return Err(CertificateError::NotValidYet.into());
    }
    if now.as_secs() > validity.not_after.to_unix_duration().as_secs() {
        return Err(CertificateError::Expired.into());
    }
    Ok(())
}
