//! Servers that do what real ones do on bad days.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a server does with each request.
#[derive(Clone)]
pub(crate) enum Mood {
    /// Sends these bytes, then keeps the connection.
    Says(Vec<u8>),
    /// Sends these bytes, then closes the connection.
    SaysAndCloses(Vec<u8>),
    /// Sends nothing.
    Silent,
    /// Sends these bytes one a second.
    Drips(Vec<u8>),
    /// Sends a head, then a body without end.
    Floods(Vec<u8>),
}

/// A server on 127.0.0.1; it ends when it is dropped.
pub(crate) struct Server {
    addr: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(mood: Mood) -> Self {
        Self::start_with(move |_| mood.clone()).await
    }

    /// A server whose mood depends on the head of the request.
    pub(crate) async fn start_with(mood: impl Fn(&str) -> Mood + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, mood.clone()));
            }
        });
        Self { addr, task }
    }

    /// A server whose certificate nobody knows.
    pub(crate) async fn start_tls() -> Self {
        let issued = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key =
            rustls::pki_types::PrivateKeyDer::try_from(issued.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![issued.cert.der().clone()], key)
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Whoever does not trust it goes away in the handshake.
                let _ = acceptor.accept(stream).await;
            }
        });
        Self { addr, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whoever goes away in the middle is not of interest.
async fn talk(mut stream: TcpStream, mood: impl Fn(&str) -> Mood) -> Option<()> {
    let mut seen = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        while !seen.windows(4).any(|it| it == b"\r\n\r\n") {
            let count = stream.read(&mut chunk).await.ok()?;
            if count == 0 {
                return None;
            }
            seen.extend_from_slice(&chunk[..count]);
        }
        let head = String::from_utf8_lossy(&seen).into_owned();
        seen.clear();
        match mood(&head) {
            Mood::Says(bytes) => stream.write_all(&bytes).await.ok()?,
            Mood::SaysAndCloses(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                stream.shutdown().await.ok()?;
                return None;
            }
            Mood::Silent => std::future::pending::<()>().await,
            Mood::Drips(bytes) => {
                for byte in bytes {
                    stream.write_all(&[byte]).await.ok()?;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
            Mood::Floods(head) => {
                stream.write_all(&head).await.ok()?;
                let block = vec![b' '; 1 << 16];
                loop {
                    stream.write_all(&block).await.ok()?;
                }
            }
        }
    }
}

/// A whole answer with a length.
pub(crate) fn answer(status: &str, media_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
