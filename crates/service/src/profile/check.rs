//! From the file to a profile: every rule that the shape of the file does not say.

mod call;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use common::units::seconds;
use http::HeaderName;
use toml::Spanned;

use self::call::call;
use super::error::place_of;
use super::file::{JobFile, OperationFile, ProfileFile, WorkflowFile};
use super::{
    Group, Job, JobId, Operation, PhaseSource, PhaseWords, Profile, ProfileError, Workflow,
};

/// The version of the format that this program reads.
const FORMAT: i64 = 1;

/// What is needed to tell where something is wrong.
#[derive(Clone, Copy)]
struct Context<'a> {
    text: &'a str,
    origin: &'a str,
    variables: &'a BTreeMap<String, String>,
}

impl Context<'_> {
    fn error(&self, span: Range<usize>, field: &str, message: impl Into<String>) -> ProfileError {
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
        variables: &BTreeMap::new(),
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
        variables: &variables,
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
    let mut names = BTreeSet::new();
    let mut operations = Vec::new();
    for unchecked in file.operation {
        let unchecked = unchecked.into_inner();
        let name = unchecked.name.get_ref();
        if !names.insert(name.clone()) {
            return Err(context.error(
                unchecked.name.span(),
                "operation.name",
                format!("`{name}` occurs twice"),
            ));
        }
        operations.push(operation(context, unchecked)?);
    }
    let profile = Profile {
        name: file.name,
        description: file.description,
        mixed,
        workflow: file
            .workflow
            .map(|it| workflow(context, it, &operations))
            .transpose()?,
        operations,
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

fn group(
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

fn operation(context: Context<'_>, unchecked: OperationFile) -> Result<Operation, ProfileError> {
    let OperationFile {
        name,
        group: group_name,
        weight,
        needs,
        description,
        request,
        success,
        job: job_file,
    } = unchecked;
    let field = format!("operation `{}`", name.get_ref());
    let is_plain = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '-';
    if name.get_ref().is_empty() || !name.get_ref().chars().all(is_plain) {
        let message =
            "a name consists of letters, digits, _ and -, since reports and thresholds use it";
        return Err(context.error(name.span(), &field, message));
    }
    let group = group(
        context,
        group_name.get_ref(),
        group_name.span(),
        &format!("{field}: group"),
    )?;
    let weight = match weight {
        None => 1.0,
        Some(weight) if weight.get_ref().is_finite() && *weight.get_ref() >= 0.0 => {
            *weight.get_ref()
        }
        Some(weight) => {
            return Err(context.error(
                weight.span(),
                &format!("{field}: weight"),
                "a weight must be 0 or more",
            ));
        }
    };
    let weight = if has_all(context, &field, &needs)? {
        weight
    } else {
        0.0
    };
    let span = name.span();
    let call = call(context, &field, span.clone(), false, (request, success))?;
    let has_target = call.request.has_target();
    let job = job_file
        .map(|it| job(context, &field, span, has_target, it))
        .transpose()?;
    Ok(Operation {
        name: name.into_inner(),
        group,
        weight,
        description,
        call,
        job,
    })
}

/// Whether the variables that an operation needs have a value.
fn has_all(
    context: Context<'_>,
    field: &str,
    needs: &[Spanned<String>],
) -> Result<bool, ProfileError> {
    let mut all = true;
    for name in needs {
        let Some(value) = context.variables.get(name.get_ref()) else {
            let message = format!("[variables] has no `{}`", name.get_ref());
            return Err(context.error(name.span(), &format!("{field}: needs"), message));
        };
        all &= !value.is_empty();
    }
    Ok(all)
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
