//! The folder of a service: images, uploads, results. It says whose it is, so that the next service can
//! remove what a killed one left.

use std::path::Path;

use common::files;
use db_perf::target::ProcessIdentity;
use tempfile::TempDir;

const PREFIX: &str = "astro-reference-";
/// The file in a folder that names its process.
const OWNER: &str = "owner.json";

/// Makes the folder of this process's service.
pub(super) fn make() -> std::io::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix(PREFIX).tempdir()?;
    let owner = serde_json::to_vec(&ProcessIdentity::own())?;
    files::write_whole(&folder.path().join(OWNER), &owner).map_err(std::io::Error::other)?;
    for name in ["objects", "uploads", "results", "masters"] {
        std::fs::create_dir(folder.path().join(name))?;
    }
    Ok(folder)
}

/// Removes the folders of services of this machine that were killed; says what was removed.
pub(super) fn remove_leftovers(narrate: &impl Fn(&str)) {
    remove_leftovers_in(&std::env::temp_dir(), narrate);
}

fn remove_leftovers_in(parent: &Path, narrate: &impl Fn(&str)) {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return;
    };
    let is_ours = |path: &Path| {
        let name = path.file_name().and_then(|it| it.to_str());
        name.is_some_and(|it| it.starts_with(PREFIX))
    };
    for path in entries
        .flatten()
        .map(|it| it.path())
        .filter(|it| is_ours(it))
    {
        // Without a readable owner it is not known to be ours.
        let owner = files::read(&path.join(OWNER)).ok();
        let owner = owner.and_then(|it| serde_json::from_str::<ProcessIdentity>(&it).ok());
        let is_dead = owner.is_some_and(|it| !it.is_alive());
        if is_dead && std::fs::remove_dir_all(&path).is_ok() {
            narrate(&format!(
                "removed `{}`, left by a killed run",
                path.display()
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_of_dead_owners_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let folder = |name: &str, owner: Option<ProcessIdentity>| {
            let path = parent.path().join(name);
            std::fs::create_dir(&path).unwrap();
            if let Some(owner) = owner {
                let text = serde_json::to_vec(&owner).unwrap();
                files::write_whole(&path.join(OWNER), &text).unwrap();
            }
            path
        };
        let own = ProcessIdentity::own();
        let earlier = ProcessIdentity {
            start_ticks: Some(1),
            ..own
        };
        let dead = folder("astro-reference-dead", Some(earlier));
        let alive = folder("astro-reference-alive", Some(own));
        let unknown = folder("astro-reference-unknown", None);
        let other = folder("other", Some(earlier));
        let told = std::cell::RefCell::new(Vec::new());
        remove_leftovers_in(parent.path(), &|line: &str| {
            told.borrow_mut().push(line.to_owned());
        });
        assert!(!dead.exists() && alive.exists() && unknown.exists() && other.exists());
        assert_eq!(told.borrow().len(), 1);
    }
}
