//! Opening sessions: one by one with clear errors, or through a pool.

use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config};

use super::attended::{Attended, Driver};
use super::connect_failure::classify;
use super::error::{ConnectError, ConnectFailure};
use super::spec::{ConnectSpec, Host, Server, SessionKind};
use super::tls::SslMode;

/// How long a closing session may take to say goodbye.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// An open session. Dropping it ends the session; [`Connection::close`] also waits for that.
#[derive(Debug)]
pub struct Connection {
    /// The client, also reached through `Deref`.
    pub client: Client,
    task: JoinHandle<()>,
}

impl Connection {
    /// Ends the session and waits, for a limited time, until it is closed.
    pub async fn close(self) {
        let Self { client, task } = self;
        drop(client);
        let abort = task.abort_handle();
        if tokio::time::timeout(CLOSE_LIMIT, task).await.is_err() {
            abort.abort();
        }
    }
}

impl Deref for Connection {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

/// A session that nobody attends to yet.
struct Opened {
    client: Client,
    driver: Driver,
}

impl Opened {
    fn spawn(self) -> Connection {
        Connection {
            client: self.client,
            task: tokio::spawn(self.driver),
        }
    }
}

/// A failed attempt: what it means, and the driver's own error where there is one.
struct Attempt {
    failure: ConnectFailure,
    source: Option<tokio_postgres::Error>,
}

impl ConnectSpec {
    /// Opens a session: the servers are tried in order, each within the time limit
    /// (`connect_timeout`, `PGCONNECT_TIMEOUT`, 10 s by default).
    pub async fn connect(&self) -> Result<Connection, ConnectError> {
        let opened = self.open().await.map_err(|attempt| self.error(attempt))?;
        Ok(opened.spawn())
    }

    /// Opens a session that the asking task itself attends to, as [`ConnectSpec::connect`] does.
    pub async fn connect_attended(&self) -> Result<Attended, ConnectError> {
        let opened = self.open().await.map_err(|attempt| self.error(attempt))?;
        Ok(Attended::new(opened.client, opened.driver))
    }

    fn error(&self, attempt: Attempt) -> ConnectError {
        ConnectError {
            target: self.describe(),
            failure: attempt.failure,
        }
    }

    /// A pool of at most `size` sessions, opened when needed. Waiting for a free one has no limit
    /// of its own: the caller sets one.
    pub fn pool(&self, size: usize) -> Result<Pool, deadpool_postgres::BuildError> {
        let manager = Manager::from_connect(
            self.config(&self.servers[0]),
            PoolConnect { spec: self.clone() },
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        Pool::builder(manager)
            .max_size(size)
            .runtime(Runtime::Tokio1)
            .build()
    }

    async fn open(&self) -> Result<Opened, Attempt> {
        let kinds: &[SessionKind] = match self.session {
            SessionKind::PreferStandby => &[SessionKind::Standby, SessionKind::Any],
            ref kind => std::slice::from_ref(kind),
        };
        let mut failed = Vec::new();
        let mut last = None;
        for kind in kinds {
            failed.clear();
            for server in &self.servers {
                match self.open_within_limit(server, *kind).await {
                    Ok(connection) => return Ok(connection),
                    Err(attempt) => {
                        let next = attempt.failure.next_host_may_help();
                        last = attempt.source;
                        failed.push((format!("{}:{}", server.host, server.port), attempt.failure));
                        if !next {
                            break;
                        }
                    }
                }
            }
        }
        let failure = match failed.len() {
            1 => failed.remove(0).1,
            _ => ConnectFailure::All(failed),
        };
        Err(Attempt {
            failure,
            source: last,
        })
    }

    async fn open_within_limit(
        &self,
        server: &Server,
        kind: SessionKind,
    ) -> Result<Opened, Attempt> {
        let attempt = async {
            let opened = self.open_in_order(server).await?;
            let mut session = Attended::new(opened.client, opened.driver);
            let (client, attendant) = session.parts();
            attendant.attend(check_session(client, kind)).await?;
            let (client, driver) = session.into_parts();
            Ok(Opened { client, driver })
        };
        let Some(limit) = self.time_limit else {
            return attempt.await;
        };
        tokio::time::timeout(limit, attempt)
            .await
            .unwrap_or_else(|_| {
                Err(Attempt {
                    failure: ConnectFailure::TimedOut { limit },
                    source: None,
                })
            })
    }

    /// Tries encrypted and unencrypted in the order of the `sslmode`.
    async fn open_in_order(&self, server: &Server) -> Result<Opened, Attempt> {
        use tokio_postgres::config::SslMode::{Disable, Prefer, Require};
        let order: &[_] = match (&server.host, self.tls.mode) {
            (Host::Unix(_), _) | (_, SslMode::Disable) => &[Disable],
            (_, SslMode::Allow) => &[Disable, Require],
            (_, SslMode::Prefer) => &[Prefer, Disable],
            (_, SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull) => &[Require],
        };
        let mut first = None;
        for mode in order {
            let mut config = self.config(server);
            config.ssl_mode(*mode);
            let failed = match config.connect(self.tls.connector.clone()).await {
                Ok((client, connection)) => {
                    let driver = Box::pin(async move {
                        if let Err(error) = connection.await {
                            tracing::debug!("connection ended: {error}");
                        }
                    });
                    return Ok(Opened { client, driver });
                }
                Err(error) => Attempt {
                    failure: classify(&error, self, server),
                    source: Some(error),
                },
            };
            let other_mode_may_help = matches!(
                failed.failure,
                ConnectFailure::NotAllowed { .. }
                    | ConnectFailure::Tls(_)
                    | ConnectFailure::TlsUnknownAuthority
                    | ConnectFailure::TlsExpired
            );
            if first.is_none() {
                first = Some(failed);
            }
            if !other_mode_may_help {
                break;
            }
        }
        Err(first.unwrap_or_else(|| unreachable!("every mode has an attempt")))
    }

    fn config(&self, server: &Server) -> Config {
        let mut config = Config::new();
        config
            .user(&self.user)
            .dbname(&self.database)
            .port(server.port)
            .application_name(&self.application_name)
            .options(self.startup_options());
        match &server.host {
            Host::Unix(folder) => {
                config.host_path(folder);
            }
            Host::Tcp { name, address } => {
                config.host(name);
                if let Some(address) = address {
                    config.hostaddr(*address);
                }
            }
        }
        if let Some(password) = &server.password {
            config.password(password.expose());
        }
        config
    }
}

async fn check_session(connection: &Client, wanted: SessionKind) -> Result<(), Attempt> {
    if wanted == SessionKind::Any {
        return Ok(());
    }
    let sql = "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'";
    let row = connection
        .query_one(sql, &[])
        .await
        .map_err(|error| Attempt {
            failure: ConnectFailure::Other(error.to_string()),
            source: Some(error),
        })?;
    let (standby, read_only): (bool, bool) = (row.get(0), row.get(1));
    let fits = match wanted {
        SessionKind::Any | SessionKind::PreferStandby => true,
        SessionKind::ReadWrite => !standby && !read_only,
        SessionKind::ReadOnly => standby || read_only,
        SessionKind::Primary => !standby,
        SessionKind::Standby => standby,
    };
    if fits {
        return Ok(());
    }
    let failure = ConnectFailure::WrongSession {
        wanted: wanted.name(),
    };
    Err(Attempt {
        failure,
        source: None,
    })
}

/// Lets the pool open sessions the way [`ConnectSpec::connect`] does.
struct PoolConnect {
    spec: ConnectSpec,
}

type Pooled = Result<(Client, JoinHandle<()>), tokio_postgres::Error>;

impl deadpool_postgres::Connect for PoolConnect {
    fn connect(&self, _: &Config) -> Pin<Box<dyn Future<Output = Pooled> + Send + '_>> {
        Box::pin(async move {
            match self.spec.open().await {
                Ok(opened) => Ok((opened.client, tokio::spawn(opened.driver))),
                Err(attempt) => {
                    tracing::debug!("pool: {}", attempt.failure);
                    Err(attempt
                        .source
                        .unwrap_or_else(tokio_postgres::Error::__private_api_timeout))
                }
            }
        })
    }
}
