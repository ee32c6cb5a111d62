//! Where connections come from: one address of this machine, or several in turn.
//!
//! A local port is taken for each open connection to the same server, and there are about 28,000 of them
//! for each source address.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::{TcpSocket, TcpStream};

use super::error::{EndpointError, TransportKind, Trouble};

/// The source addresses of connections, in turn.
#[derive(Debug)]
pub(super) struct Sources {
    addresses: Vec<IpAddr>,
    turn: AtomicUsize,
}

impl Sources {
    /// Sources that were tried: each must be an address of this machine. Without any the system chooses.
    pub(super) fn new(addresses: &[IpAddr]) -> Result<Self, EndpointError> {
        for address in addresses {
            bound(*address).map_err(|error| EndpointError::BadSource {
                address: *address,
                reason: match error.kind() {
                    io::ErrorKind::AddrNotAvailable => "this machine does not have it".to_owned(),
                    _ => error.to_string(),
                },
            })?;
        }
        Ok(Self {
            addresses: addresses.to_vec(),
            turn: AtomicUsize::new(0),
        })
    }

    /// Connects from the next source. One that has no free port lets the others try.
    pub(super) async fn connect(&self, to: SocketAddr) -> Result<TcpStream, Trouble> {
        let failed = |error: io::Error| Trouble::of_connect(&error);
        if self.addresses.is_empty() {
            return TcpStream::connect(to).await.map_err(failed);
        }
        let fitting: Vec<IpAddr> = self
            .addresses
            .iter()
            .copied()
            .filter(|from| from.is_ipv4() == to.is_ipv4())
            .collect();
        let mut trouble = Trouble::new(
            TransportKind::AddressUnavailable,
            format!("no source address is of the family of {}", to.ip()),
        );
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        for step in 0..fitting.len() {
            let from = fitting[first.wrapping_add(step) % fitting.len()];
            let attempt = match bound(from) {
                Ok(socket) => socket.connect(to).await,
                Err(error) => Err(error),
            };
            trouble = match attempt {
                Ok(tcp) => return Ok(tcp),
                Err(error) => Trouble::of_connect(&error),
            };
            if trouble.kind != TransportKind::AddressUnavailable {
                break;
            }
        }
        Err(trouble)
    }
}

/// A socket with its address but without a port: one that is chosen for the whole connection, and not for
/// the address alone, may be used for other servers at the same time.
fn bound(address: IpAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    #[cfg(target_os = "linux")]
    nix::sys::socket::setsockopt(
        &socket,
        nix::sys::socket::sockopt::IpBindAddressNoPort,
        &true,
    )?;
    socket.bind(SocketAddr::new(address, 0))?;
    Ok(socket)
}
