//! From the file to a profile: every rule that the shape of the file does not say.

mod call;
mod operation;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use common::units::seconds;
use http::HeaderName;
use toml::Spanned;

use self::call::call;
pub(super) use self::operation::operation;
use super::error::place_of;
use super::file::{JobFile, OperationFile, ProfileFile, WorkflowFile};
use super::{
    Group, Job, JobId, Operation, PhaseSource, PhaseWords, Profile, ProfileError, Scope, Workflow,
};

/// The version of the format that this program reads.
const FORMAT: i64 = 1;

/// What is needed to tell where something is wrong.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) text: &'a str,
    pub(super) origin: &'a str,
    pub(super) scope: Scope<'a>,
}

impl Context<'_> {
    pub(super) fn error(
        &self,
        span: Range<usize>,
        field: &str,
        message: impl Into<String>,
    ) -> ProfileError {
        let (line, column) = place_of(self.text, span.start);
        ProfileError {
            origin: self.origin.to_owned(),
            line,
            column,
            field: field.to_owned(),
            message: message.into(),
        }
    }
}

pub(super) fn check(
    text: &str,
    origin: &str,
    given: &BTreeMap<String, String>,
) -> Result<Profile, ProfileError> {
    let file: ProfileFile = toml::from_str(text).map_err(|error| {
        let (line, column) = place_of(text, error.span().map_or(0, |it| it.start));
        ProfileError {
            origin: origin.to_owned(),
            line,
            column,
            field: "file".to_owned(),
            message: error.message().replace('\n', " "),
        }
    })?;
    let mut variables: BTreeMap<String, String> = file
        .variables
        .iter()
        .map(|(name, value)| (name.clone(), value.get_ref().clone()))
        .collect();
    let context = Context {
        text,
        origin,
        scope: Scope::of_variables(given),
    };
    if *file.format.get_ref() != FORMAT {
        let message = format!(
            "this program reads format {FORMAT}, got {}",
            file.format.get_ref()
        );
        return Err(context.error(file.format.span(), "format", message));
    }
    for (name, value) in given {
        if variables.insert(name.clone(), value.clone()).is_none() {
            let known: Vec<&str> = file.variables.keys().map(String::as_str).collect();
            let message = format!(
                "`--set {name}=…`: the profile has no such variable, it has: {}",
                known.join(", ")
            );
            return Err(context.error(0..0, "variables", message));
        }
    }
    let context = Context {
        scope: Scope::of_variables(&variables),
        ..context
    };
    let mixed = mixed(context, &file.mixed)?;
    if file.operation.is_empty() {
        return Err(context.error(
            0..0,
            "operation",
            "a profile needs at least one [[operation]]",
        ));
    }
    let operations = operations(context, file.operation)?;
    let profile = Profile {
        name: file.name,
        description: file.description,
        mixed,
        workflow: file
            .workflow
            .map(|it| workflow(context, it, &operations))
            .transpose()?,
        operations,
        variables: variables.clone(),
    };
    for (group, _) in profile.mixed.iter().filter(|it| *it.1 > 0.0) {
        let startable = profile.group(*group).any(|it| !it.needs_job());
        if !startable {
            let group = group.as_str();
            let message = format!(
                "no [[operation]] of group `{group}` can be asked without a job of the user's"
            );
            return Err(context.error(0..0, "mixed", message));
        }
    }
    Ok(profile)
}

fn operations(
    context: Context<'_>,
    unchecked: Vec<Spanned<OperationFile>>,
) -> Result<Vec<Operation>, ProfileError> {
    let mut spans = BTreeMap::new();
    let mut operations = Vec::new();
    for one in unchecked {
        let one = one.into_inner();
        let (name, span) = (one.name.get_ref().clone(), one.name.span());
        if spans.insert(name.clone(), span.clone()).is_some() {
            let message = format!("`{name}` occurs twice");
            return Err(context.error(span, "operation.name", message));
        }
        let Some(group) = &one.group else {
            let names = Group::ALL.map(Group::as_str).join(", ");
            let message = format!("missing field `group`: one of {names}");
            return Err(context.error(span, &format!("operation `{name}`"), message));
        };
        let group = self::group(
            context,
            group.get_ref(),
            group.span(),
            &format!("operation `{name}`: group"),
        )?;
        operations.push(operation(context, one, group, &operations)?);
    }
    let captured: BTreeSet<&str> = operations.iter().flat_map(Operation::captured).collect();
    for operation in &operations {
        for value in operation.values() {
            if !captured.contains(value) {
                let span = spans.get(&operation.name).cloned().unwrap_or_default();
                let message =
                    format!("`{{value.{value}}}`: no operation has a `capture` of this name");
                return Err(context.error(
                    span,
                    &format!("operation `{}`", operation.name),
                    message,
                ));
            }
        }
    }
    Ok(operations)
}

fn mixed(
    context: Context<'_>,
    shares: &BTreeMap<String, Spanned<f64>>,
) -> Result<BTreeMap<Group, f64>, ProfileError> {
    let mut mixed = BTreeMap::new();
    for (name, share) in shares {
        let group = group(context, name, share.span(), "mixed")?;
        let weight = *share.get_ref();
        if !weight.is_finite() || weight < 0.0 {
            return Err(context.error(
                share.span(),
                &format!("mixed.{name}"),
                "a share must be 0 or more",
            ));
        }
        mixed.insert(group, weight);
    }
    Ok(mixed)
}

pub(super) fn group(
    context: Context<'_>,
    name: &str,
    span: Range<usize>,
    field: &str,
) -> Result<Group, ProfileError> {
    Group::ALL
        .into_iter()
        .find(|it| it.as_str() == name)
        .ok_or_else(|| {
            let names = Group::ALL.map(Group::as_str).join(", ");
            context.error(
                span,
                field,
                format!("unknown group `{name}`: use one of {names}"),
            )
        })
}

fn workflow(
    context: Context<'_>,
    unchecked: Spanned<WorkflowFile>,
    operations: &[Operation],
) -> Result<Workflow, ProfileError> {
    let span = unchecked.span();
    let WorkflowFile {
        submit,
        sources,
        lookup,
        radius_arcsec,
        brightest,
        least_found,
    } = unchecked.into_inner();
    let wrong = |field: &str, message: String| {
        context.error(span.clone(), &format!("workflow.{field}"), message)
    };
    let find = |field: &str, name: &str| {
        let found = operations.iter().find(|it| it.name == name);
        found.ok_or_else(|| wrong(field, format!("there is no operation `{name}`")))
    };
    if find("submit", &submit)?.job.is_none() {
        return Err(wrong("submit", format!("`{submit}` starts no job")));
    }
    if find("sources", &sources)?.call.success.position.is_none() {
        return Err(wrong(
            "sources",
            format!("`{sources}` needs `success.position`"),
        ));
    }
    if !find("lookup", &lookup)?.call.request.has_target() {
        return Err(wrong(
            "lookup",
            format!("`{lookup}` needs {{ra}}, {{dec}} and {{radius}}"),
        ));
    }
    let radius_arcsec = radius_arcsec.unwrap_or(3.0);
    if !(radius_arcsec > 0.0 && radius_arcsec <= 3600.0) {
        return Err(wrong(
            "radius_arcsec",
            "must be above 0 and at most 3600".to_owned(),
        ));
    }
    let least_found = least_found.unwrap_or(0.8);
    if !(0.0..=1.0).contains(&least_found) {
        return Err(wrong("least_found", "must be between 0 and 1".to_owned()));
    }
    Ok(Workflow {
        submit,
        sources,
        lookup,
        radius_deg: radius_arcsec / 3600.0,
        brightest: brightest.unwrap_or(10).clamp(1, 1000),
        least_found,
    })
}

fn job(
    context: Context<'_>,
    field: &str,
    span: Range<usize>,
    has_target: bool,
    unchecked: JobFile,
) -> Result<Job, ProfileError> {
    let JobFile {
        id,
        start,
        poll,
        phase,
        waiting,
        running,
        done,
        failed,
        created_at,
        started_at,
        finished_at,
        bytes,
        wait,
        result,
        cleanup,
        cleanup_finished,
        timeout_s,
    } = unchecked;
    let field = format!("{field}: job");
    let inner = |part: &str, it: super::file::CallFile| {
        call(
            context,
            &format!("{field}.{part}"),
            span.clone(),
            has_target,
            (it.request, it.success),
        )
    };
    let phase = match phase.get_ref().as_str() {
        "uws" => PhaseSource::Uws,
        _ => PhaseSource::Json(pointer(context, &format!("{field}.phase"), phase)?),
    };
    let words = words(
        context,
        &field,
        &span,
        &phase,
        [waiting, running, done, failed],
    )?;
    let optional = |name: &str, it: Option<Spanned<String>>| {
        it.map(|it| pointer(context, &format!("{field}.{name}"), it))
            .transpose()
    };
    Ok(Job {
        id: job_id(context, &format!("{field}.id"), &id)?,
        start: start.map(|it| inner("start", it)).transpose()?,
        poll: inner("poll", poll)?,
        phase,
        words,
        times: [
            optional("created_at", created_at)?,
            optional("started_at", started_at)?,
            optional("finished_at", finished_at)?,
        ],
        bytes: optional("bytes", bytes)?,
        wait,
        result: result.map(|it| inner("result", it)).transpose()?,
        cleanup: cleanup.map(|it| inner("cleanup", it)).transpose()?,
        cleanup_finished: cleanup_finished.unwrap_or(true),
        timeout: timeout(context, &format!("{field}.timeout_s"), timeout_s)?,
    })
}

fn words(
    context: Context<'_>,
    field: &str,
    span: &Range<usize>,
    phase: &PhaseSource,
    given: [Option<Vec<String>>; 4],
) -> Result<PhaseWords, ProfileError> {
    let [waiting, running, done, failed] = given;
    let uws = |words: &[&str]| words.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
    if *phase == PhaseSource::Uws {
        return Ok(PhaseWords {
            waiting: uws(&["PENDING", "QUEUED", "HELD", "SUSPENDED"]),
            running: uws(&["EXECUTING"]),
            done: uws(&["COMPLETED"]),
            failed: uws(&["ERROR", "ABORTED", "ARCHIVED"]),
        });
    }
    let (Some(done), Some(failed)) = (done, failed) else {
        let message =
            "`done` and `failed` must list the words of the phases in which a job has ended";
        return Err(context.error(span.clone(), field, message));
    };
    Ok(PhaseWords {
        waiting: waiting.unwrap_or_default(),
        running: running.unwrap_or_default(),
        done,
        failed,
    })
}

fn job_id(context: Context<'_>, field: &str, id: &Spanned<String>) -> Result<JobId, ProfileError> {
    let span = id.span();
    let rule = "must be `json:/pointer` or `header:Name`";
    match id.get_ref().split_once(':') {
        Some(("json", it)) if it.starts_with('/') => Ok(JobId::Json(it.to_owned())),
        Some(("header", it)) => HeaderName::from_bytes(it.as_bytes())
            .map(JobId::Header)
            .map_err(|_| context.error(span, field, rule)),
        _ => Err(context.error(span, field, rule)),
    }
}

fn pointer(
    context: Context<'_>,
    field: &str,
    text: Spanned<String>,
) -> Result<String, ProfileError> {
    if text.get_ref().is_empty() || text.get_ref().starts_with('/') {
        return Ok(text.into_inner());
    }
    let message = format!("a JSON pointer begins with `/`, got `{}`", text.get_ref());
    Err(context.error(text.span(), field, message))
}

fn timeout(
    context: Context<'_>,
    field: &str,
    given: Option<Spanned<f64>>,
) -> Result<Option<Duration>, ProfileError> {
    match given {
        None => Ok(None),
        Some(it) if it.get_ref().is_finite() && *it.get_ref() > 0.0 => {
            Ok(Some(seconds(*it.get_ref())))
        }
        Some(it) => Err(context.error(it.span(), field, "a time limit must be above 0 seconds")),
    }
}

#[cfg(test)]
mod tests;
