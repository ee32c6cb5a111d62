//! A TCP connection, with or without TLS, that counts what it receives.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use common::units::size_u64;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What is known of a stream while hyper has it.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    received: AtomicU64,
    is_stuck: AtomicBool,
}

impl Traffic {
    /// Bytes that were received so far, decrypted but otherwise raw.
    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Whether something that was to be sent still waits for room.
    pub(super) fn is_stuck(&self) -> bool {
        self.is_stuck.load(Ordering::Relaxed)
    }

    fn see<T>(&self, sending: Poll<T>) -> Poll<T> {
        self.is_stuck.store(sending.is_pending(), Ordering::Relaxed);
        sending
    }
}

/// The connection that hyper reads and writes.
pub(super) struct Stream {
    io: Io,
    traffic: Arc<Traffic>,
}

impl Stream {
    pub(super) fn plain(tcp: TcpStream) -> Self {
        Self {
            io: Io::Plain(tcp),
            traffic: Arc::default(),
        }
    }

    pub(super) fn tls(tls: TlsStream<TcpStream>) -> Self {
        Self {
            io: Io::Tls(Box::new(tls)),
            traffic: Arc::default(),
        }
    }

    /// Whether the TLS handshake chose HTTP/2.
    pub(super) fn chose_http2(&self) -> bool {
        match &self.io {
            Io::Plain(_) => false,
            Io::Tls(tls) => tls.get_ref().1.alpn_protocol() == Some(b"h2"),
        }
    }

    pub(super) fn traffic(&self) -> Arc<Traffic> {
        Arc::clone(&self.traffic)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = match &mut self.io {
            Io::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Io::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        };
        let read = buf.filled().len() - before;
        if read > 0 {
            let received = &self.traffic.received;
            received.fetch_add(size_u64(read), Ordering::Relaxed);
        }
        polled
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let sending = match &mut self.io {
            Io::Plain(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Io::Tls(tls) => Pin::new(tls).poll_write(cx, buf),
        };
        self.traffic.see(sending)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let sending = match &mut self.io {
            Io::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Io::Tls(tls) => Pin::new(tls).poll_flush(cx),
        };
        self.traffic.see(sending)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Io::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Plain(tcp) => tcp.is_write_vectored(),
            Io::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // Most requests have no body, and one buffer goes through a cheaper system call.
        if let [only] = bufs {
            return self.poll_write(cx, only);
        }
        let sending = match &mut self.io {
            Io::Plain(tcp) => Pin::new(tcp).poll_write_vectored(cx, bufs),
            Io::Tls(tls) => Pin::new(tls).poll_write_vectored(cx, bufs),
        };
        self.traffic.see(sending)
    }
}
