//! Opening a connection: name, TCP, TLS, each timed.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::{Instant, timeout};

use super::Endpoint;
use super::error::{TransportKind, Trouble};
use super::exchange::SetUp;
use super::origin::Origin;
use super::sources::Sources;
use super::stream::Stream;
use super::wire::Wire;

/// Opens a connection until `limit` at the latest.
pub(super) async fn connect(
    endpoint: &Endpoint,
    origin: &Origin,
    limit: Instant,
) -> Result<(Wire, SetUp), Trouble> {
    let left = limit.saturating_duration_since(Instant::now());
    let allowed = endpoint.options().connect_timeout.min(left);
    match timeout(allowed, open(endpoint, origin, allowed)).await {
        Ok(opened) => opened,
        Err(_) if allowed < left => Err(Trouble::new(
            TransportKind::ConnectTimeout,
            format!("no connection within {allowed:?}"),
        )),
        Err(_) => Err(Trouble::new(
            TransportKind::Timeout,
            format!("no connection within {allowed:?}, which is all the time the request has"),
        )),
    }
}

async fn open(
    endpoint: &Endpoint,
    origin: &Origin,
    allowed: Duration,
) -> Result<(Wire, SetUp), Trouble> {
    let start = Instant::now();
    let (addresses, was_looked_up) = addresses_of(endpoint, origin).await?;
    let resolved = Instant::now();
    let tcp = match connect_any(endpoint.sources(), &addresses, allowed).await {
        Ok(tcp) => tcp,
        Err(trouble) => {
            endpoint.forget_addresses();
            return Err(trouble);
        }
    };
    let connected = Instant::now();
    let stream = if origin.is_https() {
        encrypt(endpoint, origin, tcp).await?
    } else {
        Stream::plain(tcp)
    };
    let set_up = SetUp {
        dns: was_looked_up.then(|| resolved - start),
        tcp: connected - resolved,
        tls: origin.is_https().then(|| connected.elapsed()),
    };
    let wire = Wire::over(stream, endpoint.options().version, origin.is_https()).await?;
    Ok((wire, set_up))
}

/// The addresses of a host, and whether a name had to be looked up for them.
async fn addresses_of(
    endpoint: &Endpoint,
    origin: &Origin,
) -> Result<(Vec<SocketAddr>, bool), Trouble> {
    if let Ok(address) = origin.host().parse::<IpAddr>() {
        return Ok((vec![SocketAddr::new(address, origin.port())], false));
    }
    if let Some(known) = endpoint.known_addresses(origin) {
        return Ok((known, false));
    }
    let host = origin.host();
    let failed = |cause: &dyn std::fmt::Display| {
        // A resolver that cannot open its files says that it does not know the name.
        let without_descriptor = TcpSocket::new_v4().err();
        let own = without_descriptor.and_then(|error| Trouble::of_descriptors(&error));
        own.unwrap_or_else(|| {
            let cause = format!("failed to resolve the name `{host}`: {cause}");
            Trouble::new(TransportKind::Dns, cause)
        })
    };
    let found = lookup_host((host, origin.port())).await.map_err(|error| {
        let text = error.to_string();
        let text = text.trim_start_matches("failed to lookup address information: ");
        failed(&text)
    })?;
    let mut found: Vec<SocketAddr> = found.collect();
    found.dedup();
    if found.is_empty() {
        return Err(failed(&"it has no address"));
    }
    endpoint.remember_addresses(origin, &found);
    Ok((found, true))
}

/// Connects to the first address that answers; none may use up the time of the others.
async fn connect_any(
    sources: &Sources,
    addresses: &[SocketAddr],
    allowed: Duration,
) -> Result<TcpStream, Trouble> {
    let end = Instant::now() + allowed;
    let mut left = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    let mut trouble = Trouble::new(TransportKind::Dns, "the name has no address");
    for address in addresses {
        let connecting = sources.connect(*address);
        let attempt = if left <= 1 {
            // The limit of the whole is that of the last address.
            connecting.await
        } else {
            let share = end.saturating_duration_since(Instant::now()) / left;
            let timed_out = |_| Err(Trouble::new(TransportKind::Connect, "timed out"));
            timeout(share, connecting).await.unwrap_or_else(timed_out)
        };
        left = left.saturating_sub(1);
        match attempt {
            Ok(tcp) => {
                // A request is one write, so there is nothing that Nagle's algorithm could gather.
                return match tcp.set_nodelay(true) {
                    Ok(()) => Ok(tcp),
                    Err(error) => Err(Trouble::of_connect(&error)),
                };
            }
            Err(failure) => trouble = failure,
        }
    }
    Err(trouble)
}

async fn encrypt(endpoint: &Endpoint, origin: &Origin, tcp: TcpStream) -> Result<Stream, Trouble> {
    let Some(name) = origin.server_name() else {
        let host = origin.host();
        return Err(Trouble::new(
            TransportKind::Tls,
            format!("`{host}` is not a name that a certificate can be for"),
        ));
    };
    let connecting = endpoint.tls().connect(name.clone(), tcp);
    let tls = connecting
        .await
        .map_err(|error| Trouble::of_handshake(&error))?;
    Ok(Stream::tls(tls))
}
