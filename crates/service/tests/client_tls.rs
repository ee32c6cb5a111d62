//! TLS: whom the client trusts, who it is itself, and which version of HTTP is agreed on.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod client_support;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use client_support::{ENOUGH, Server, client, get, ok, read_head};
use http::Version;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use service::client::{
    ClientOptions, Endpoint, EndpointError, HttpVersion, TransportError, TransportKind,
};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio_rustls::TlsAcceptor;

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key in PEM.
struct Identity {
    certificate: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        Self::named(Vec::new())
    }

    fn named(names: Vec<String>) -> Self {
        let mut parameters = CertificateParams::new(names).unwrap();
        parameters
            .distinguished_name
            .push(DnType::CommonName, "authority");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self {
            issuer: CertifiedIssuer::self_signed(parameters, key).unwrap(),
        }
    }

    fn sign(&self, name: &str, until: i32) -> Identity {
        let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(2000, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }

    /// The authority's own certificate as a server's, as `openssl req -x509` makes it.
    fn itself(&self) -> Identity {
        Identity {
            certificate: self.issuer.pem(),
            key: self.issuer.key().serialize_pem(),
        }
    }
}

fn put(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    common::files::write_whole(&path, text.as_bytes()).unwrap();
    path
}

/// A server with this certificate that offers these protocols and may ask for the client's certificate.
async fn serve(identity: &Identity, protocols: &[&[u8]], clients: Option<&Authority>) -> Server {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.issuer.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let chain = CertificateDer::pem_slice_iter(identity.certificate.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .unwrap();
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    let mut config = builder.with_single_cert(chain, key).unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Server::start(move |tcp, _| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut tls) = acceptor.accept(tcp).await else {
                return;
            };
            if tls.get_ref().1.alpn_protocol() == Some(b"h2") {
                let service = service_fn(|_| async {
                    Ok::<_, std::convert::Infallible>(hyper::Response::new(Full::new(Bytes::from(
                        "hi",
                    ))))
                });
                let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(tls), service)
                    .await;
                return;
            }
            while read_head(&mut tls).await.is_some() {
                tls.write_all(&ok(b"hi")).await.unwrap();
            }
        }
    })
    .await
}

fn options(server: &Server, ca_file: Option<&Path>) -> ClientOptions {
    let url = format!("https://localhost:{}", server.address.port());
    let mut options = ClientOptions::new(url.parse().unwrap());
    options.tls.ca_file = ca_file.map(Path::to_owned);
    options
}

async fn failure(options: ClientOptions) -> TransportError {
    get(&mut client(options), "/", ENOUGH).await.unwrap_err()
}

struct Files {
    folder: TempDir,
    authority: Authority,
    ca_file: PathBuf,
}

fn files() -> Files {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let ca_file = put(folder.path(), "ca.crt", &authority.issuer.pem());
    Files {
        folder,
        authority,
        ca_file,
    }
}

#[tokio::test]
async fn an_own_authority_is_trusted_and_others_are_not() {
    let files = files();
    let server = serve(&files.authority.sign("localhost", 2090), &[], None).await;
    let mut trusting = client(options(&server, Some(&files.ca_file)));
    let answer = get(&mut trusting, "/", ENOUGH).await.unwrap();
    assert!(answer.set_up.unwrap().tls.is_some());
    assert_eq!(answer.version, Version::HTTP_11);
    assert!(get(&mut trusting, "/", ENOUGH).await.unwrap().reused);

    let other = put(
        files.folder.path(),
        "other.crt",
        &Authority::new().issuer.pem(),
    );
    for ca_file in [None, Some(other.as_path())] {
        let error = failure(options(&server, ca_file)).await;
        assert_eq!(error.kind, TransportKind::Tls);
        assert!(
            error.message.contains("not signed by a trusted authority"),
            "{error}"
        );
    }
    let mut insecure = options(&server, None);
    insecure.tls.insecure = true;
    get(&mut client(insecure), "/", ENOUGH).await.unwrap();
}

#[tokio::test]
async fn a_certificate_for_another_host_or_time_is_refused() {
    let files = files();
    for (name, until, cause) in [
        ("other.example", 2090, "for another host"),
        ("localhost", 2001, "has expired"),
    ] {
        let server = serve(&files.authority.sign(name, until), &[], None).await;
        let error = failure(options(&server, Some(&files.ca_file))).await;
        assert_eq!(error.kind, TransportKind::Tls);
        assert!(error.message.contains(cause), "{error}");
    }
}

#[tokio::test]
async fn a_self_signed_certificate_is_trusted_where_it_is_named_and_for_its_host_only() {
    let folder = tempfile::tempdir().unwrap();
    for (name, works) in [("localhost", true), ("other.example", false)] {
        let authority = Authority::named(vec![name.to_owned()]);
        let ca_file = put(folder.path(), name, &authority.issuer.pem());
        let server = serve(&authority.itself(), &[], None).await;
        let outcome = get(&mut client(options(&server, Some(&ca_file))), "/", ENOUGH).await;
        assert_eq!(outcome.is_ok(), works, "{outcome:?}");
        assert_eq!(
            failure(options(&server, None)).await.kind,
            TransportKind::Tls
        );
    }
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_gets_it() {
    let files = files();
    let server = serve(
        &files.authority.sign("localhost", 2090),
        &[],
        Some(&files.authority),
    )
    .await;
    let error = failure(options(&server, Some(&files.ca_file))).await;
    assert_eq!(error.kind, TransportKind::Tls);
    assert!(
        error.message.contains("requires a client certificate"),
        "{error}"
    );

    let me = files.authority.sign("me", 2090);
    let mut known = options(&server, Some(&files.ca_file));
    let folder = files.folder.path();
    known.tls.certificate_file = Some(put(folder, "me.crt", &me.certificate));
    known.tls.key_file = Some(put(folder, "me.key", &me.key));
    get(&mut client(known), "/", ENOUGH).await.unwrap();
}

#[tokio::test]
async fn the_version_of_http_is_agreed_on_in_the_handshake() {
    use HttpVersion::{Auto, Http1, Http2};
    let files = files();
    let identity = files.authority.sign("localhost", 2090);
    let (h1, h2): (&[u8], &[u8]) = (b"http/1.1", b"h2");
    for (offered, asked, expected) in [
        (&[h2, h1][..], Auto, Ok(Version::HTTP_2)),
        (&[h2, h1], Http1, Ok(Version::HTTP_11)),
        (&[h2, h1], Http2, Ok(Version::HTTP_2)),
        (&[h1], Auto, Ok(Version::HTTP_11)),
        (&[], Auto, Ok(Version::HTTP_11)),
        (&[h1], Http2, Err(TransportKind::Tls)),
        (&[], Http2, Err(TransportKind::Protocol)),
    ] {
        let server = serve(&identity, offered, None).await;
        let mut options = options(&server, Some(&files.ca_file));
        options.version = asked;
        let outcome = get(&mut client(options), "/", ENOUGH).await;
        let version = outcome
            .map(|answer| answer.version)
            .map_err(|error| error.kind);
        assert_eq!(version, expected, "{offered:?} {asked:?}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_told() {
    let server = Server::start(|mut stream, _| async move {
        let answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        // Closed before what the client says is read, the answer would be lost in a reset.
        tokio::time::sleep(ENOUGH).await;
    })
    .await;
    let error = failure(options(&server, None)).await;
    assert_eq!(error.kind, TransportKind::Tls);
    assert!(
        error.message.ends_with("the server does not speak TLS"),
        "{error}"
    );
}

#[tokio::test]
async fn files_that_are_missing_or_wrong_are_named() {
    let files = files();
    let refused = |change: &dyn Fn(&mut ClientOptions)| {
        let mut options = ClientOptions::new("https://h".parse().unwrap());
        change(&mut options);
        Endpoint::new(options).unwrap_err()
    };
    let missing = refused(&|options| options.tls.ca_file = Some("/no/such/file".into()));
    assert!(
        matches!(missing, EndpointError::Unreadable { .. }),
        "{missing}"
    );
    let empty = put(files.folder.path(), "empty", "nothing here s3cret");
    let empty = refused(&|options| options.tls.ca_file = Some(empty.clone()));
    assert!(
        matches!(empty, EndpointError::BadCertificate { .. }),
        "{empty}"
    );
    let half = refused(&|options| options.tls.key_file = Some("key".into()));
    assert_eq!(
        half.to_string(),
        "a client key needs its certificate: give both files or none"
    );
    let swapped = refused(&|options| {
        options.tls.certificate_file = Some(files.ca_file.clone());
        options.tls.key_file = Some(files.ca_file.clone());
    });
    assert!(swapped.to_string().contains("client key"), "{swapped}");
}
