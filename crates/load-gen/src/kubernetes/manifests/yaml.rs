//! Objects as YAML for people and `kubectl apply`.

use serde::Serialize;

use super::{Objects, PLACEHOLDER};

/// All objects of a run as one YAML stream, in an order in which they can be made.
pub(in super::super) fn render(objects: &Objects) -> Result<String, String> {
    let Objects {
        job,
        service,
        secret,
        config_map,
        account,
        policy,
    } = objects;
    let documents = [
        account.as_ref().map(one).transpose()?,
        Some(one(secret)?.replace(
            PLACEHOLDER,
            &format!("{PLACEHOLDER} # pods refuse to start with this one"),
        )),
        config_map.as_ref().map(one).transpose()?,
        Some(one(service)?),
        Some(one(policy)?),
        Some(one(job)?),
    ];
    let documents: Vec<String> = documents.into_iter().flatten().collect();
    Ok(documents.join("---\n"))
}

fn one(object: &impl Serialize) -> Result<String, String> {
    // By way of JSON, so that fields come in one order.
    let value = serde_json::to_value(object).map_err(|error| error.to_string())?;
    serde_saphyr::to_string(&value).map_err(|error| error.to_string())
}
