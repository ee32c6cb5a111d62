//! The servers of a connection: lists of hosts, addresses and ports, and the password of each.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::error::SpecError;
use super::pgpass::{PasswordFile, Wanted};
use super::spec::{Host, Server};

const DEFAULT_PORT: u16 = 5432;
/// Where distributions and PostgreSQL's own build put the socket of a local server.
const SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// Pairs the lists of hosts, addresses and ports.
pub(super) fn servers(
    hosts: Option<&str>,
    addresses: Option<&str>,
    ports: Option<&str>,
) -> Result<Vec<Server>, SpecError> {
    let hosts: Vec<_> = hosts
        .map(|list| list.split(',').collect())
        .unwrap_or_default();
    let addresses = addresses
        .map(|list| {
            list.split(',')
                .map(parse_address)
                .collect::<Result<Vec<_>, _>>()
        })
        .transpose()?
        .unwrap_or_default();
    let ports = ports
        .map(|list| {
            list.split(',')
                .map(parse_port)
                .collect::<Result<Vec<_>, _>>()
        })
        .transpose()?
        .unwrap_or_default();
    let count = hosts.len().max(addresses.len()).max(1);
    let mismatch = |others, what| SpecError::Mismatch {
        hosts: count,
        others,
        what,
    };
    if !hosts.is_empty() && !addresses.is_empty() && hosts.len() != addresses.len() {
        return Err(SpecError::Mismatch {
            hosts: hosts.len(),
            others: addresses.len(),
            what: "addresses",
        });
    }
    if ports.len() > 1 && ports.len() != count {
        return Err(mismatch(ports.len(), "ports"));
    }
    let server = |index: usize| {
        let port = ports
            .get(index)
            .or(ports.first())
            .copied()
            .unwrap_or(DEFAULT_PORT);
        let address = addresses.get(index).copied().flatten();
        let host = match hosts.get(index).copied().filter(|host| !host.is_empty()) {
            Some(folder) if folder.starts_with('/') => Host::Unix(PathBuf::from(folder)),
            Some(name) => Host::Tcp {
                name: name.to_owned(),
                address,
            },
            None => match address {
                Some(ip) => Host::Tcp {
                    name: ip.to_string(),
                    address,
                },
                None => default_host(port),
            },
        };
        Server {
            host,
            port,
            password: None,
        }
    };
    Ok((0..count).map(server).collect())
}

/// The local server's socket: the first usual folder that has one for this port, else the
/// distribution's folder when it exists, else TCP to this machine.
fn default_host(port: u16) -> Host {
    let socket = format!(".s.PGSQL.{port}");
    let folders = SOCKET_FOLDERS.map(Path::new);
    let found = folders
        .iter()
        .find(|folder| folder.join(&socket).exists())
        .or(folders[..1].iter().find(|folder| folder.is_dir()));
    match found {
        Some(folder) => Host::Unix(folder.to_path_buf()),
        None => Host::Tcp {
            name: "localhost".to_owned(),
            address: None,
        },
    }
}

fn parse_address(text: &str) -> Result<Option<IpAddr>, SpecError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| SpecError::BadValue {
        name: "hostaddr",
        value: text.to_owned(),
        rule: "an IP address",
    })
}

fn parse_port(text: &str) -> Result<u16, SpecError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(DEFAULT_PORT);
    }
    text.parse()
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(|| SpecError::BadValue {
            name: "port",
            value: text.to_owned(),
            rule: "a number from 1 to 65535",
        })
}

/// Fills in the passwords of the servers that the password file knows.
pub(super) fn passwords_from_file(
    servers: &mut [Server],
    file: Option<PathBuf>,
    database: &str,
    user: &str,
) -> Option<String> {
    let (file, warning) = PasswordFile::read(&file?);
    for server in servers {
        let hosts = match &server.host {
            Host::Tcp { name, .. } => vec![name.clone()],
            Host::Unix(folder)
                if SOCKET_FOLDERS
                    .iter()
                    .any(|usual| Path::new(usual) == folder) =>
            {
                vec!["localhost".to_owned(), folder.display().to_string()]
            }
            Host::Unix(folder) => vec![folder.display().to_string()],
        };
        let wanted = Wanted {
            hosts: &hosts,
            port: server.port,
            database,
            user,
        };
        server.password = file.lookup(wanted).cloned();
    }
    warning
}
