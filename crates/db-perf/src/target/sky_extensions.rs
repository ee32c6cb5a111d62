//! Q3C and pgSphere in a throwaway server.

use std::path::Path;

use tokio_postgres::Client;

use super::embedded::Embedded;

const SPHERE: &str = "pg_sphere";

/// Makes the sky extensions that are installed on this machine in the throwaway server's database;
/// gives the version of each, or why there is none.
///
/// `client` must be a session of `server`: extensions are made in no database but our own.
pub async fn install_sky_extensions(
    server: &Embedded,
    client: &Client,
) -> Vec<(&'static str, Result<String, String>)> {
    let mut results = Vec::new();
    for name in ["q3c", SPHERE] {
        results.push((name, install(server, client, name).await));
    }
    results
}

async fn install(server: &Embedded, client: &Client, name: &str) -> Result<String, String> {
    if !server.binaries().has_extension(name) {
        let package = format!(
            "postgresql-{}-{}",
            server.binaries().major(),
            name.replace('_', "")
        );
        return Err(format!("not installed (package `{package}`)"));
    }
    let created = client
        .batch_execute(&format!("CREATE EXTENSION IF NOT EXISTS {name}"))
        .await;
    let refusal = match created {
        Ok(()) => return installed_version(client, name).await,
        Err(error) => message(&error),
    };
    if name != SPHERE {
        return Err(refusal);
    }
    // Debian's script defines two operators that PostgreSQL refuses since 15.4: load it without.
    load_script(client, &server.binaries().share)
        .await
        .map_err(|reason| format!("{refusal}; without the extension: {reason}"))
}

async fn installed_version(client: &Client, name: &str) -> Result<String, String> {
    let sql = "SELECT extversion FROM pg_extension WHERE extname = $1";
    let row = client
        .query_one(sql, &[&name])
        .await
        .map_err(|error| message(&error))?;
    Ok(row.get(0))
}

/// Runs pgSphere's script as it would run in `CREATE EXTENSION`, less the two operators.
pub(super) async fn load_script(client: &Client, share: &Path) -> Result<String, String> {
    let folder = share.join("extension");
    let read = |path: &Path| {
        std::fs::read_to_string(path)
            .map_err(|error| format!("failed to read `{}`: {error}", path.display()))
    };
    let control = read(&folder.join(format!("{SPHERE}.control")))?;
    let version =
        control_value(&control, "default_version").ok_or("no version in its control file")?;
    let library = control_value(&control, "module_pathname").unwrap_or("$libdir/pg_sphere");
    let script = read(&folder.join(format!("{SPHERE}--{version}.sql")))?;
    let script = without_refused_operators(&script).replace("MODULE_PATHNAME", library);
    client
        .batch_execute(&format!("BEGIN;\n{script}\nCOMMIT;"))
        .await
        .map_err(|error| message(&error))
        .inspect_err(|_| tracing::debug!("pgSphere's script failed"))?;
    Ok(version.to_owned())
}

fn control_value<'a>(control: &'a str, key: &str) -> Option<&'a str> {
    control.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then(|| value.trim().trim_matches('\''))
    })
}

/// Leaves out psql's commands and the blocks `CREATE OPERATOR @ (LEFTARG = bigint|spoint,
/// RIGHTARG = smoc, …)`.
fn without_refused_operators(script: &str) -> String {
    const START: &str = "CREATE OPERATOR @ (";
    let script: String = script
        .lines()
        .filter(|line| !line.starts_with('\\'))
        .flat_map(|line| [line, "\n"])
        .collect();
    let mut kept = String::with_capacity(script.len());
    let mut rest = script.as_str();
    while let Some(start) = rest.find(START) {
        let end = rest[start..]
            .find(");")
            .map_or(rest.len(), |end| start + end + 2);
        let block: String = rest[start..end].split_whitespace().collect();
        let refused = ["bigint", "spoint"]
            .iter()
            .any(|left| block.contains(&format!("LEFTARG={left},RIGHTARG=smoc,")));
        kept.push_str(&rest[..if refused { start } else { end }]);
        rest = &rest[end..];
    }
    kept.push_str(rest);
    kept
}

fn message(error: &tokio_postgres::Error) -> String {
    error
        .as_db_error()
        .map_or_else(|| error.to_string(), |refusal| refusal.message().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::EmbeddedOptions;

    #[tokio::test]
    async fn the_script_without_the_refused_operators_gives_a_working_pgsphere() {
        let server = Embedded::start(EmbeddedOptions::default()).await.unwrap();
        if !server.binaries().has_extension(SPHERE) {
            eprintln!("NOT TESTED: pgSphere is not installed on this machine");
            return;
        }
        let session = server.spec().connect().await.unwrap();
        load_script(&session, &server.binaries().share)
            .await
            .unwrap();
        let sql = "SELECT spoint '(10d,10d)' <@ scircle '<(10.1d,10d),1d>', \
                   EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_sphere')";
        let row = session.query_one(sql, &[]).await.unwrap();
        assert!(row.get::<_, bool>(0) && !row.get::<_, bool>(1));
        server.stop().await.unwrap();
    }

    #[test]
    fn only_the_two_refused_operators_are_left_out() {
        let script = "\\echo no \\quit\nA;\nCREATE OPERATOR @ (\n   LEFTARG    = scircle,\n   RIGHTARG   = smoc,\n X = 1\n);\n\
            CREATE OPERATOR @ (\n LEFTARG = bigint,\n RIGHTARG = smoc,\n COMMUTATOR = '@>'\n);\nB;\n\
            CREATE OPERATOR @ (\n LEFTARG = spoint,\n RIGHTARG = smoc,\n P = f\n);\nC;";
        let kept = without_refused_operators(script);
        assert!(!kept.contains("bigint") && !kept.contains("spoint") && !kept.contains("echo"));
        assert!(
            ["A;", "B;", "C;", "scircle"]
                .iter()
                .all(|part| kept.contains(part)),
            "{kept}"
        );
    }
}
