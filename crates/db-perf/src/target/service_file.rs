//! Connection service files: `[service]` sections of libpq parameters.

use std::path::{Path, PathBuf};

use super::conninfo::Parameters;
use super::environment::LibpqEnv;
use super::error::SpecError;

/// Finds `service` in the user's service file, then in the system's.
pub(super) fn lookup(service: &str, files: &[PathBuf]) -> Result<Parameters, SpecError> {
    for path in files {
        let Some(text) = read(path)? else {
            continue;
        };
        let found = section(&text, service).map_err(|reason| SpecError::ServiceFile {
            path: path.clone(),
            reason,
        })?;
        if let Some(parameters) = found {
            return Ok(parameters);
        }
    }
    Err(SpecError::NoSuchService {
        service: service.to_owned(),
        files: files.to_vec(),
    })
}

/// The files in which libpq looks: `PGSERVICEFILE` or `~/.pg_service.conf`, then the system's.
pub(super) fn candidates(env: &LibpqEnv, home: Option<&Path>) -> Vec<PathBuf> {
    let own = match env.get("PGSERVICEFILE") {
        Some(path) => Some(PathBuf::from(path)),
        None => home.map(|home| home.join(".pg_service.conf")),
    };
    let system = env.get("PGSYSCONFDIR").unwrap_or("/etc/postgresql-common");
    own.into_iter()
        .chain([Path::new(system).join("pg_service.conf")])
        .collect()
}

fn read(path: &Path) -> Result<Option<String>, SpecError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SpecError::Unreadable {
            what: "service file",
            path: path.to_owned(),
            source,
        }),
    }
}

fn section(text: &str, service: &str) -> Result<Option<Parameters>, String> {
    let mut found: Option<Parameters> = None;
    let mut inside = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            if found.is_some() {
                break;
            }
            inside = name == service;
            if inside {
                found = Some(Parameters::new());
            }
            continue;
        }
        if !inside {
            continue;
        }
        let (key, value) = line
            .split_once('=')
            .ok_or_else(|| format!("line {} is not `keyword=value`", index + 1))?;
        if let Some(parameters) = &mut found {
            parameters.insert(key.trim().to_owned(), value.trim().to_owned());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_section_is_read() {
        let text = "# c\n[other]\nhost=x\n\n[sky]\nhost=db\nport = 6543\n[last]\nuser=u\n";
        let parameters = section(text, "sky").unwrap().unwrap();
        let expected = [("host", "db"), ("port", "6543")];
        assert!(
            parameters
                .iter()
                .map(|(k, v)| (k.as_str(), v.as_str()))
                .eq(expected)
        );
        assert_eq!(section(text, "none"), Ok(None));
        assert_eq!(
            section("[sky]\nnonsense\n", "sky"),
            Err("line 2 is not `keyword=value`".to_owned())
        );
    }
}
