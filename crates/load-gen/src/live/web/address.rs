//! Where the page listens.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::WebError;

/// The port where none is given, as Locust has it.
const PORT: u16 = 8089;

/// The address for `HOST:PORT`, `HOST` or `PORT`; names are looked up.
pub(super) async fn parse(given: &str) -> Result<SocketAddr, WebError> {
    let text = given.trim();
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(address);
    }
    if let Ok(ip) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Ok(SocketAddr::new(ip, PORT));
    }
    if let Ok(port) = text.trim_start_matches(':').parse::<u16>() {
        return Ok(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, port.parse().ok()),
        None => (text, Some(PORT)),
    };
    let is_name = !host.is_empty()
        && host
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || matches!(it, '-' | '.' | '_'));
    let Some(port) = port.filter(|_| is_name) else {
        return Err(WebError::Address(given.to_owned()));
    };
    let lookup = |source| WebError::Lookup {
        host: host.to_owned(),
        source,
    };
    let found: Vec<SocketAddr> = tokio::net::lookup_host((host, port))
        .await
        .map_err(lookup)?
        .collect();
    // `localhost` is both ::1 and 127.0.0.1; the second works for everybody.
    found
        .iter()
        .find(|it| it.is_ipv4())
        .or(found.first())
        .copied()
        .ok_or_else(|| lookup(std::io::ErrorKind::NotFound.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_hosts_and_ports_are_understood() {
        for (given, expected) in [
            ("127.0.0.1:1234", "127.0.0.1:1234"),
            ("0.0.0.0", "0.0.0.0:8089"),
            ("8090", "127.0.0.1:8090"),
            (":8090", "127.0.0.1:8090"),
            ("[::1]:80", "[::1]:80"),
            ("::1", "[::1]:8089"),
            ("[::]", "[::]:8089"),
            ("localhost", "127.0.0.1:8089"),
            ("localhost:99", "127.0.0.1:99"),
        ] {
            let found = parse(given).await.unwrap();
            assert_eq!(found.to_string(), expected, "{given}");
        }
    }

    #[tokio::test]
    async fn what_is_no_address_is_refused() {
        for given in [
            "",
            "http://localhost:8089",
            "localhost:",
            "localhost:99999",
            "a b",
            "1.2.3.4:x",
        ] {
            let refused = parse(given).await.unwrap_err();
            assert!(
                matches!(&refused, WebError::Address(it) if it == given),
                "{given}: {refused}"
            );
        }
    }
}
