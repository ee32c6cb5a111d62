//! Operations: what is asked, what is kept of the answer, what follows.

use std::collections::BTreeSet;

use http::HeaderName;
use regex::Regex;
use toml::Spanned;

use super::super::file::{CaptureFile, OperationFile};
use super::super::template::is_value_name;
use super::super::{Call, Capture, CaptureSource, Content, Group, Operation, ProfileError};
use super::call::call;
use super::{Context, job, pointer};

/// `group` is used where the file names none; `known` are the operations that `like` may name.
pub(in super::super) fn operation(
    context: Context<'_>,
    unchecked: OperationFile,
    group: Group,
    known: &[Operation],
) -> Result<Operation, ProfileError> {
    let OperationFile {
        name,
        like,
        group: _,
        weight,
        needs,
        description,
        request,
        success,
        job: job_file,
        capture,
    } = unchecked;
    let field = format!("operation `{}`", name.get_ref());
    if !is_value_name(name.get_ref()) {
        let message =
            "a name consists of letters, digits, _ and -, since reports and thresholds use it";
        return Err(context.error(name.span(), &field, message));
    }
    let weight = weight_of(context, &field, weight)?;
    let weight = if has_all(context, &field, &needs)? {
        weight
    } else {
        0.0
    };
    let span = name.span();
    let model = like
        .as_ref()
        .map(|it| model(context, &field, it, known))
        .transpose()?;
    let call = match (request, success, model) {
        (Some(request), Some(success), _) => {
            call(context, &field, span.clone(), false, (request, success))?
        }
        (None, None, Some(model)) => model.call.clone(),
        (None, None, None) => {
            let message = "an operation needs `request` and `success`, or `like` another one";
            return Err(context.error(span, &field, message));
        }
        (Some(_), None, _) => {
            let message = "`request` without `success`: what is a right answer?";
            return Err(context.error(span, &field, message));
        }
        (None, Some(_), _) => {
            let message = "`success` without `request`: what is asked?";
            return Err(context.error(span, &field, message));
        }
    };
    let has_target = call.request.has_target();
    let job = match job_file {
        Some(it) => Some(job(context, &field, span, has_target, it)?),
        None => model.and_then(|it| it.job.clone()),
    };
    let captures = captures(context, &field, &call, capture)?;
    Ok(Operation {
        name: name.into_inner(),
        group,
        weight,
        description: description
            .or_else(|| model.map(|it| it.description.clone()))
            .unwrap_or_default(),
        call,
        job,
        captures: if captures.is_empty() {
            model.map(|it| it.captures.clone()).unwrap_or_default()
        } else {
            captures
        },
    })
}

fn weight_of(
    context: Context<'_>,
    field: &str,
    weight: Option<Spanned<f64>>,
) -> Result<f64, ProfileError> {
    let Some(weight) = weight else { return Ok(1.0) };
    if weight.get_ref().is_finite() && *weight.get_ref() >= 0.0 {
        return Ok(*weight.get_ref());
    }
    let message = "a weight must be 0 or more";
    Err(context.error(weight.span(), &format!("{field}: weight"), message))
}

fn model<'a>(
    context: Context<'_>,
    field: &str,
    like: &Spanned<String>,
    known: &'a [Operation],
) -> Result<&'a Operation, ProfileError> {
    let found = known.iter().find(|it| it.name == *like.get_ref());
    found.ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|it| it.name.as_str()).collect();
        let message = format!(
            "there is no operation `{}` before this one, there are: {}",
            like.get_ref(),
            names.join(", ")
        );
        context.error(like.span(), &format!("{field}: like"), message)
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
        let Some(value) = context.scope.variables.get(name.get_ref()) else {
            let message = format!("[variables] has no `{}`", name.get_ref());
            return Err(context.error(name.span(), &format!("{field}: needs"), message));
        };
        all &= !value.is_empty();
    }
    Ok(all)
}

fn captures(
    context: Context<'_>,
    field: &str,
    call: &Call,
    list: Vec<Spanned<CaptureFile>>,
) -> Result<Vec<Capture>, ProfileError> {
    let mut names = BTreeSet::new();
    let mut captures = Vec::new();
    for one in list {
        let span = one.get_ref().name.span();
        let capture = capture(context, field, call, one)?;
        if !names.insert(capture.name.clone()) {
            let message = format!("the value `{}` is captured twice", capture.name);
            return Err(context.error(span, &format!("{field}: capture"), message));
        }
        captures.push(capture);
    }
    Ok(captures)
}

fn capture(
    context: Context<'_>,
    field: &str,
    call: &Call,
    unchecked: Spanned<CaptureFile>,
) -> Result<Capture, ProfileError> {
    let span = unchecked.span();
    let CaptureFile {
        name,
        json,
        header,
        regex,
        default,
    } = unchecked.into_inner();
    let field = format!("{field}: capture `{}`", name.get_ref());
    if !is_value_name(name.get_ref()) {
        let message = "the name of a value consists of letters, digits, _ and -";
        return Err(context.error(name.span(), &field, message));
    }
    let from = match (json, header, regex) {
        (Some(json), None, None) => {
            if call.success.content != Content::Json {
                let message = "`json` is for content `json`: use `regex` or `header`";
                return Err(context.error(json.span(), &field, message));
            }
            CaptureSource::Json(pointer(context, &format!("{field}.json"), json)?)
        }
        (None, Some(header), None) => {
            let parsed = HeaderName::from_bytes(header.get_ref().as_bytes());
            let rule = "this is no name of a header";
            let wrong = |_| context.error(header.span(), &format!("{field}.header"), rule);
            CaptureSource::Header(parsed.map_err(wrong)?)
        }
        (None, None, Some(regex)) => CaptureSource::Regex(expression(context, &field, &regex)?),
        _ => {
            let message = "a capture has one of `json` (a pointer), `header` (a name) and `regex`";
            return Err(context.error(span, &field, message));
        }
    };
    Ok(Capture {
        name: name.into_inner(),
        from,
        default,
    })
}

/// An expression with one group, which is what is captured.
fn expression(
    context: Context<'_>,
    field: &str,
    text: &Spanned<String>,
) -> Result<Regex, ProfileError> {
    let field = format!("{field}.regex");
    let regex = Regex::new(text.get_ref()).map_err(|error| {
        // The last line says what is wrong; those before draw the place.
        let shown = error.to_string();
        let why = shown.lines().last().unwrap_or_default();
        let why = why.trim_start_matches("error: ");
        context.error(text.span(), &field, format!("no regular expression: {why}"))
    })?;
    if regex.captures_len() == 2 {
        return Ok(regex);
    }
    let message = format!(
        "a capture needs one group in parentheses, got {}: use (?:…) for the others",
        regex.captures_len() - 1
    );
    Err(context.error(text.span(), &field, message))
}
