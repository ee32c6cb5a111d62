//! What went wrong on the server, as kinds to count and sentences to read.

use std::borrow::Cow;
use std::error::Error as _;

use common::load::Failure;
use common::redact::mask_urls;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// The cause of a database error in one line, once, without secrets.
pub fn describe(error: &Error) -> String {
    if let Some(server) = error.as_db_error() {
        let detail = server
            .detail()
            .map(|it| format!(" ({it})"))
            .unwrap_or_default();
        return mask_urls(&format!("{}{detail}", server.message()));
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    mask_urls(&text)
}

/// The kind of a database error, for counting.
pub fn kind(error: &Error) -> Cow<'static, str> {
    let Some(state) = error.code() else {
        return if error.is_closed() || is_broken(error) {
            "connection_lost".into()
        } else {
            "client_error".into()
        };
    };
    match *state {
        SqlState::QUERY_CANCELED => "query_canceled".into(),
        SqlState::ADMIN_SHUTDOWN => "terminated_by_administrator".into(),
        SqlState::CRASH_SHUTDOWN => "server_crashed".into(),
        SqlState::CANNOT_CONNECT_NOW => "server_starting_or_stopping".into(),
        SqlState::TOO_MANY_CONNECTIONS => "too_many_connections".into(),
        SqlState::DISK_FULL => "disk_full".into(),
        SqlState::OUT_OF_MEMORY => "out_of_memory".into(),
        SqlState::T_R_DEADLOCK_DETECTED => "deadlock".into(),
        SqlState::INSUFFICIENT_PRIVILEGE => "insufficient_privilege".into(),
        SqlState::READ_ONLY_SQL_TRANSACTION => "read_only_transaction".into(),
        _ => format!("sqlstate_{}", state.code()).into(),
    }
}

/// Whether the session is gone, so that only a new one helps.
pub fn ends_session(error: &Error) -> bool {
    error.is_closed()
        || is_broken(error)
        || matches!(
            error.code(),
            Some(
                &SqlState::ADMIN_SHUTDOWN
                    | &SqlState::CRASH_SHUTDOWN
                    | &SqlState::CANNOT_CONNECT_NOW
            )
        )
}

/// A database error as a counted failure.
pub fn failure(error: &Error) -> Failure {
    Failure::new(kind(error), describe(error))
}

fn is_broken(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<std::io::Error>() {
            return true;
        }
        cause = inner.source();
    }
    false
}
