//! Live tests of `sslmode` with certificates made here.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod target_common;

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use db_perf::target::{ConnectFailure, Embedded};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use target_common::{add_role, flags_for, resolve, server_with_port, superuser, within};

/// The result of one connection attempt, in a word.
async fn attempt(server: &Embedded, parameters: &str) -> String {
    let port = server.port().unwrap();
    let url = format!("postgres://app:secret@/astro?port={port}&{parameters}");
    match within(resolve(&flags_for(&url)).connect()).await {
        Ok(session) => {
            let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
            let encrypted: bool = session.query_one(sql, &[]).await.unwrap().get(0);
            session.close().await;
            (if encrypted { "encrypted" } else { "plain" }).to_owned()
        }
        Err(error) => match error.failure {
            ConnectFailure::TlsWrongName { .. } => "wrong name".to_owned(),
            ConnectFailure::TlsUnknownAuthority => "unknown authority".to_owned(),
            ConnectFailure::TlsExpired => "expired".to_owned(),
            other => format!("{other}"),
        },
    }
}

#[tokio::test]
async fn every_sslmode_checks_what_libpq_checks() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let root = put(&folder.path().join("root.crt"), &authority.pem());
    let other = put(&folder.path().join("other.crt"), &Authority::new().pem());
    let server = server_with_port().await;
    let _ = add_role(&server, "app", "").await;

    assert_eq!(
        attempt(&server, "host=localhost&sslmode=prefer").await,
        "plain"
    );
    let (certificate, key) = authority.sign("db.example", &["localhost"], 2050);
    serve(&server, &certificate, &key).await;
    let (root, other) = (root.display(), other.display());
    let cases = [
        ("host=127.0.0.1&sslmode=disable".to_owned(), "plain"),
        ("host=127.0.0.1&sslmode=allow".to_owned(), "plain"),
        ("host=127.0.0.1&sslmode=prefer".to_owned(), "encrypted"),
        ("host=127.0.0.1&sslmode=require".to_owned(), "encrypted"),
        (
            format!("host=127.0.0.1&sslmode=require&sslrootcert={root}"),
            "encrypted",
        ),
        (
            format!("host=127.0.0.1&sslmode=require&sslrootcert={other}"),
            "unknown authority",
        ),
        (
            format!("host=127.0.0.1&sslmode=verify-ca&sslrootcert={root}"),
            "encrypted",
        ),
        (
            format!("host=127.0.0.1&sslmode=verify-ca&sslrootcert={other}"),
            "unknown authority",
        ),
        (
            format!("host=127.0.0.1&sslmode=verify-full&sslrootcert={root}"),
            "wrong name",
        ),
        (
            format!("host=localhost&sslmode=verify-full&sslrootcert={root}"),
            "encrypted",
        ),
        (
            format!("host=localhost&sslmode=verify-full&sslrootcert={other}"),
            "unknown authority",
        ),
        (
            format!("host=elsewhere&hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={root}"),
            "wrong name",
        ),
    ];
    expect_all(&server, &cases).await;

    let (certificate, key) = authority.sign("localhost", &["localhost"], 2001);
    serve(&server, &certificate, &key).await;
    let full = format!("host=localhost&sslmode=verify-full&sslrootcert={root}");
    expect_all(&server, &[(full, "expired")]).await;
    within(server.stop()).await.unwrap();
}

#[tokio::test]
async fn common_names_and_self_signed_servers_are_accepted_as_by_libpq() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let root = put(&folder.path().join("root.crt"), &authority.pem());
    let server = server_with_port().await;
    let _ = add_role(&server, "app", "").await;

    let (certificate, key) = authority.sign("localhost", &[], 2050);
    serve(&server, &certificate, &key).await;
    let root = root.display();
    let cases = [
        (
            format!("host=localhost&sslmode=verify-full&sslrootcert={root}"),
            "encrypted",
        ),
        (
            format!("host=127.0.0.1&sslmode=verify-full&sslrootcert={root}"),
            "wrong name",
        ),
    ];
    expect_all(&server, &cases).await;

    let itself = Authority::named("localhost");
    serve(&server, &itself.pem(), &itself.issuer.key().serialize_pem()).await;
    let root = put(&folder.path().join("itself.crt"), &itself.pem());
    let root = root.display();
    let cases = [
        (
            format!("host=localhost&sslmode=verify-full&sslrootcert={root}"),
            "encrypted",
        ),
        (
            format!("host=127.0.0.1&sslmode=verify-full&sslrootcert={root}"),
            "wrong name",
        ),
        (
            format!("host=127.0.0.1&sslmode=verify-ca&sslrootcert={root}"),
            "encrypted",
        ),
    ];
    expect_all(&server, &cases).await;
    within(server.stop()).await.unwrap();
}

#[tokio::test]
async fn a_client_certificate_lets_a_user_in() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let root = put(&folder.path().join("root.crt"), &authority.pem());
    let server = server_with_port().await;
    let _ = add_role(&server, "app", "").await;
    let (certificate, key) = authority.sign("localhost", &["localhost"], 2050);
    serve(&server, &certificate, &key).await;
    serve_file(&server, "ssl_ca_file", "ca.crt", &authority.pem()).await;
    superuser(&server)
        .await
        .batch_execute("CREATE ROLE holder LOGIN")
        .await
        .unwrap();
    target_common::allow(&server, "hostssl all holder 127.0.0.1/32 cert").await;

    let (certificate, key) = authority.sign("holder", &[], 2050);
    let certificate = put(&folder.path().join("client.crt"), &certificate);
    let key = put(&folder.path().join("client.key"), &key);
    let port = server.port().unwrap();
    let base = format!(
        "postgres://holder@localhost:{port}/astro?sslmode=verify-full&sslrootcert={}",
        root.display()
    );
    let with = format!(
        "{base}&sslcert={}&sslkey={}",
        certificate.display(),
        key.display()
    );
    let session = within(resolve(&flags_for(&with)).connect()).await.unwrap();
    session.close().await;
    let error = within(resolve(&flags_for(&base)).connect())
        .await
        .unwrap_err();
    assert!(
        matches!(error.failure, ConnectFailure::NotAllowed { .. }),
        "{error}"
    );
    within(server.stop()).await.unwrap();
}

async fn expect_all(server: &Embedded, cases: &[(String, &str)]) {
    let mut wrong = String::new();
    for (parameters, expected) in cases {
        let got = attempt(server, parameters).await;
        if got != *expected {
            let _ = writeln!(wrong, "{parameters}: expected {expected}, got {got}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A certificate authority.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        Self::with_names("authority", Vec::new())
    }

    /// A self-signed server certificate, as `openssl req -x509` makes it.
    fn named(name: &str) -> Self {
        Self::with_names(name, vec![name.to_owned()])
    }

    fn with_names(common_name: &str, names: Vec<String>) -> Self {
        let mut parameters = CertificateParams::new(names).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters
            .distinguished_name
            .push(DnType::CommonName, common_name);
        let key = KeyPair::generate().unwrap();
        Self {
            issuer: CertifiedIssuer::self_signed(parameters, key).unwrap(),
        }
    }

    fn pem(&self) -> String {
        self.issuer.pem()
    }

    fn sign(&self, common_name: &str, names: &[&str], until: i32) -> (String, String) {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut parameters = CertificateParams::new(names).unwrap();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters
            .distinguished_name
            .push(DnType::CommonName, common_name);
        parameters.not_before = rcgen::date_time_ymd(2000, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

fn put(path: &Path, text: &str) -> PathBuf {
    std::fs::File::create(path)
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path.to_owned()
}

/// Turns TLS on with this certificate, or changes the certificate.
async fn serve(server: &Embedded, certificate: &str, key: &str) {
    serve_file(server, "ssl_cert_file", "server.crt", certificate).await;
    serve_file(server, "ssl_key_file", "server.key", key).await;
    let session = superuser(server).await;
    session
        .batch_execute("ALTER SYSTEM SET ssl = on")
        .await
        .unwrap();
    reload(server).await;
}

async fn serve_file(server: &Embedded, setting: &str, name: &str, text: &str) {
    let data = server.folder().join("data");
    let path = put(&data.join(name), text);
    let owner = std::fs::metadata(&data).unwrap();
    std::os::unix::fs::chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
    let session = superuser(server).await;
    let sql = format!("ALTER SYSTEM SET {setting} = '{name}'");
    session.batch_execute(&sql).await.unwrap();
    reload(server).await;
}

async fn reload(server: &Embedded) {
    let session = superuser(server).await;
    target_common::reload(&session).await;
}
