//! The whole file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use service::profile::{Profile, is_value_name};

use super::super::document::{self, Node, Tree};
use super::super::error::{Problems, ScenarioErrors, suggestion};
use super::super::fields::Fields;
use super::super::model::{Persona, Presence, Scenario, Source, Task};
use super::{Reading, feeder, limits, load, persona, replay, requests, tasks};

/// The version of the format that this program reads.
const FORMAT: i64 = 1;

impl Scenario {
    /// Checks a scenario.
    ///
    /// # Errors
    /// Everything that is wrong and does not follow from something else that is wrong, in the order of the
    /// file.
    pub fn load(source: &Source) -> Result<Self, ScenarioErrors> {
        let mut problems = Problems::new(&source.text, &source.origin);
        let scenario = document::parse(source.is_yaml, &mut problems)
            .and_then(|root| read(source, &root, &mut problems));
        problems.finish()?;
        scenario.ok_or_else(|| ScenarioErrors(Vec::new()))
    }
}

/// The API as far as the scenario needs it before its own requests are read.
struct Api {
    profile: Option<Profile>,
    variables: BTreeMap<String, String>,
}

fn read(source: &Source, root: &Node, problems: &mut Problems<'_>) -> Option<Scenario> {
    let mut fields = Fields::of(root, "", problems)?;
    check_format(&mut fields, problems);
    let name = fields.text("name", problems);
    if name.is_none() && problems.is_empty() {
        problems.at(0..0, "name", "a scenario needs a `name`");
    }
    let description = fields.text("description", problems).unwrap_or_default();
    let variables = texts(&mut fields, "variables", problems);
    let tags = texts(&mut fields, "tags", problems);
    let api = api(source, &mut fields, variables, problems);
    let feeder_nodes = fields.list("feeder", problems);
    let feeders = feeder::feeders(feeder_nodes, &source.files, problems);
    let columns: Vec<(String, Vec<String>)> = feeders
        .iter()
        .map(|it| (it.name.clone(), it.columns.clone()))
        .collect();
    let failed_feeder = feeders.len() < feeder_nodes.len();
    let is_complete = !failed_feeder && (api.profile.is_some() || root.get("api").is_none());
    let mut reading = Reading {
        problems,
        variables: &api.variables,
        feeders: &columns,
        operations: api
            .profile
            .as_ref()
            .map_or_else(Vec::new, |it| it.operations.clone()),
        is_complete,
        broken: BTreeSet::new(),
        given: BTreeSet::new(),
        needed: Vec::new(),
    };
    let parts = parts(&mut reading, &mut fields, source);
    reading.check_values();
    let Reading {
        problems,
        operations,
        ..
    } = reading;
    fields.finish(problems);
    let (personas, load, limits, replay) = parts;
    let profile = Profile {
        name: name.unwrap_or_default().to_owned(),
        description: description.to_owned(),
        mixed: api
            .profile
            .as_ref()
            .map(|it| it.mixed.clone())
            .unwrap_or_default(),
        workflow: api.profile.and_then(|it| it.workflow),
        operations,
        variables: api.variables,
    };
    Some(Scenario {
        name: name?.to_owned(),
        description: description.to_owned(),
        profile: Arc::new(profile),
        personas,
        load,
        limits,
        tags,
        feeders,
        replay,
    })
}

type Parts = (
    Vec<Persona>,
    super::super::model::LoadSpec,
    Vec<super::super::model::LimitSpec>,
    Option<Arc<super::super::model::Replay>>,
);

fn parts(reading: &mut Reading<'_, '_>, fields: &mut Fields<'_>, source: &Source) -> Parts {
    let nodes = fields.list("request", reading.problems);
    requests::requests(reading, nodes);
    let nodes = fields.list("task_set", reading.problems);
    let sets = tasks::task_sets(reading, nodes);
    let replay_node = fields.get("replay");
    let replay = replay_node.and_then(|it| replay::replay(reading, it, &source.files));
    let nodes = fields.list("persona", reading.problems);
    let mut personas = persona::personas(reading, nodes, &sets);
    if nodes.is_empty() {
        if replay_node.is_some() {
            personas.push(replayer());
        } else {
            let message = "a scenario needs at least one [[persona]], or a [replay]";
            reading.problems.at(0..0, "persona", message);
        }
    }
    let load = load::load(reading, fields.get("load"));
    let names = nodes.iter().filter_map(|it| it.get("name")?.text());
    let names: Vec<&str> = names.collect();
    let thresholds = fields.list("thresholds", reading.problems);
    let limits = limits::limits(reading, thresholds, &names);
    (personas, load, limits, replay.map(Arc::new))
}

/// Who asks what a log has.
fn replayer() -> Persona {
    Persona {
        name: "replay".to_owned(),
        presence: Presence::Weight(1.0),
        think: common::load::Think::None,
        on_start: Vec::new(),
        on_stop: Vec::new(),
        tasks: vec![Task {
            name: "replay".to_owned(),
            weight: 1.0,
            steps: Vec::new(),
        }],
    }
}

fn check_format(fields: &mut Fields<'_>, problems: &mut Problems<'_>) {
    match fields.get("format") {
        Some(Node {
            tree: Tree::Whole(FORMAT),
            ..
        }) => {}
        Some(node) => {
            let got = super::super::fields::shown(node);
            let message = format!("this program reads format {FORMAT}, got {got}");
            problems.at(node.span.clone(), "format", message);
        }
        None => problems.at(
            0..0,
            "format",
            format!("a scenario begins with `format = {FORMAT}`"),
        ),
    }
}

/// A table of texts.
fn texts(
    fields: &mut Fields<'_>,
    key: &'static str,
    problems: &mut Problems<'_>,
) -> BTreeMap<String, String> {
    let Some(node) = fields.get(key) else {
        return BTreeMap::new();
    };
    let Some(entries) = node.entries() else {
        let message = format!("must be a table, got {}", node.kind());
        problems.at(node.span.clone(), key, message);
        return BTreeMap::new();
    };
    let mut texts = BTreeMap::new();
    for entry in entries {
        let field = format!("{key}.{}", entry.key);
        let span = entry.node.span.clone();
        if !is_value_name(&entry.key) {
            let message = "a name consists of letters, digits, _ and -";
            problems.at(entry.key_span.clone(), &field, message);
            continue;
        }
        if let Some(text) = entry.node.plain() {
            texts.insert(entry.key.clone(), text);
        } else {
            let message = format!("must be a text, got {}", entry.node.kind());
            problems.at(span, &field, message);
        }
    }
    texts
}

/// The API, and all variables: its own, over them those of the scenario, over them those of the command line.
fn api(
    source: &Source,
    fields: &mut Fields<'_>,
    own: BTreeMap<String, String>,
    problems: &mut Problems<'_>,
) -> Api {
    let name = fields.text("api", problems);
    let node = fields.get("api");
    let text = name.and_then(|name| {
        service::profile::built_in(name)
            .or_else(|| source.files.get(Path::new(name)).map(String::as_str))
    });
    if let (Some(name), None, Some(node)) = (name, text, node) {
        let names: Vec<&str> = service::profile::BUILT_IN.iter().map(|it| it.0).collect();
        let message = format!("there is no API `{name}`{}", suggestion(name, &names));
        problems.at(node.span.clone(), "api", message);
    }
    let of_api = text.map(Profile::variables_of).unwrap_or_default();
    let mut variables = of_api.clone();
    variables.extend(own);
    for (name, value) in &source.variables {
        if let Some(known) = variables.get_mut(name) {
            known.clone_from(value);
        } else {
            let known: Vec<&String> = variables.keys().collect();
            let hint = suggestion(name, &known);
            let message = format!("`--set {name}=…`: there is no such variable{hint}");
            problems.at(0..0, "variables", message);
        }
    }
    let mut given = variables.clone();
    given.retain(|name, _| of_api.contains_key(name));
    let profile = match (name, text) {
        (Some(name), Some(text)) => match Profile::parse(text, name, &given) {
            Ok(profile) => Some(profile),
            Err(error) => {
                problems.add(error.into());
                None
            }
        },
        _ => None,
    };
    Api { profile, variables }
}
