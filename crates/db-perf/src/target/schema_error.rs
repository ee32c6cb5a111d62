//! What can go wrong with our schema in a given database.

use thiserror::Error;

use super::error::ConnectError;

/// Our schema could not be made, found or removed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// No session.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The run's name cannot be part of a schema's name.
    #[error("a run id must be 1 to 40 characters of a-z, 0-9 and _, got `{0}`")]
    BadRunId(String),
    /// The server is a replica.
    #[error("`{target}` is a read-only replica")]
    Replica {
        /// The connection.
        target: String,
    },
    /// The session is read-only.
    #[error("sessions of user `{user}` on `{target}` are read-only")]
    ReadOnly {
        /// The user.
        user: String,
        /// The connection.
        target: String,
    },
    /// No right to create a schema.
    #[error("user `{user}` may not create a schema in database `{database}`")]
    NoRight {
        /// The user.
        user: String,
        /// The database.
        database: String,
    },
    /// PostGIS is not installed on the server.
    #[error("PostGIS is not available on the server of database `{database}`")]
    NoPostgis {
        /// The database.
        database: String,
    },
    /// PostGIS is there, not created, and the user may not create it.
    #[error("PostGIS is not created in database `{database}`, and user `{user}` may not create it")]
    NoRightForPostgis {
        /// The user.
        user: String,
        /// The database.
        database: String,
    },
    /// PostGIS is created in a schema that the user cannot use.
    #[error("user `{user}` may not use schema `{schema}`, which holds PostGIS")]
    NoUseOfPostgis {
        /// The user.
        user: String,
        /// The schema.
        schema: String,
    },
    /// The schema of that name exists already.
    #[error("schema `{schema}` exists already")]
    Exists {
        /// The schema.
        schema: String,
    },
    /// The schema lacks our marker.
    #[error("schema `{schema}` does not carry the marker of this run: it is left alone")]
    NotOurs {
        /// The schema.
        schema: String,
    },
    /// Another run uses the schema.
    #[error("schema `{schema}` belongs to a run that is still going on: it is left alone")]
    InUse {
        /// The schema.
        schema: String,
    },
    /// Objects of others would be dropped with the schema.
    #[error("schema `{schema}` cannot be dropped, because others' objects depend on it: {}", objects.join(", "))]
    Dependants {
        /// The schema.
        schema: String,
        /// The objects.
        objects: Vec<String>,
    },
    /// A statement failed.
    #[error("failed to {action}: {message}")]
    Statement {
        /// What was tried.
        action: String,
        /// The server's words.
        message: String,
    },
}

impl SchemaError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Connect(error) => return error.hint(),
            Self::Replica { .. } => {
                "name the primary, or measure your own catalogue read-only with `--table`".to_owned()
            }
            Self::ReadOnly { .. } => {
                "give a user that may write, or measure your own catalogue read-only with `--table`"
                    .to_owned()
            }
            Self::NoRight { user, database } => format!(
                "a superuser or the database's owner runs: GRANT CREATE ON DATABASE {database} TO {user}"
            ),
            Self::NoPostgis { .. } => {
                "install the package `postgresql-NN-postgis-3` (NN: the server's version) on the server".to_owned()
            }
            Self::NoRightForPostgis { .. } => {
                "a superuser runs in this database: CREATE EXTENSION postgis".to_owned()
            }
            Self::NoUseOfPostgis { user, schema } => {
                format!("the schema's owner runs: GRANT USAGE ON SCHEMA {schema} TO {user}")
            }
            Self::Dependants { .. } => "drop or move these objects first".to_owned(),
            Self::InUse { .. } => "wait for that run to end, or stop it".to_owned(),
            _ => return None,
        };
        Some(hint)
    }

    /// Names the statement that failed.
    pub(super) fn statement(
        action: impl Into<String>,
    ) -> impl FnOnce(tokio_postgres::Error) -> Self {
        let action = action.into();
        move |error| {
            let message = error
                .as_db_error()
                .map(|refusal| refusal.message().to_owned());
            Self::Statement {
                action,
                message: message.unwrap_or_else(|| describe(&error)),
            }
        }
    }
}

fn describe(error: &tokio_postgres::Error) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}
