//! Requests and right answers.

use std::collections::BTreeMap;
use std::ops::Range;

use http::{HeaderName, Method, StatusCode};
use toml::Spanned;

use super::super::file::{PartFile, RequestFile, SuccessFile};
use super::super::template::{Template, range};
use super::super::{
    BodyTemplate, Call, Content, JsonTemplate, PartContent, PartTemplate, ProfileError,
    RequestTemplate, Success,
};
use super::{Context, pointer, timeout};
use crate::protocol::VOTABLE_TYPES;

/// `has_target` tells whether the request that came before, of which this is the follow-up, has one.
pub(super) fn call(
    context: Context<'_>,
    field: &str,
    span: Range<usize>,
    has_target: bool,
    (request_file, success_file): (RequestFile, SuccessFile),
) -> Result<Call, ProfileError> {
    let request = request(context, &format!("{field}: request"), request_file)?;
    let success = success(context, &format!("{field}: success"), success_file)?;
    if success.inside_cone && !has_target && !request.has_target() {
        let message = "`inside_cone` needs {ra}, {dec} and {radius} in the request";
        return Err(context.error(span, &format!("{field}: success"), message));
    }
    if let Some(limit) = &success.limit
        && !has_parameter(&request, limit)
    {
        let message = format!("`limit` names the parameter `{limit}`, which the request has not");
        return Err(context.error(span, &format!("{field}: success.limit"), message));
    }
    if success.inside_cone && success.content == Content::Json && success.position.is_none() {
        let message = "`inside_cone` needs `position`, the names of the coordinates in a row";
        return Err(context.error(span, &format!("{field}: success"), message));
    }
    Ok(Call { request, success })
}

fn has_parameter(request: &RequestTemplate, name: &str) -> bool {
    let in_form = match &request.body {
        BodyTemplate::Form(fields) => fields.iter().any(|it| it.0 == name),
        _ => false,
    };
    in_form || request.query.iter().any(|it| it.0 == name)
}

fn request(
    context: Context<'_>,
    field: &str,
    file: RequestFile,
) -> Result<RequestTemplate, ProfileError> {
    let RequestFile {
        method,
        path,
        query,
        headers,
        form,
        json,
        multipart,
        timeout_s,
    } = file;
    let bodies = [form.is_some(), json.is_some(), multipart.is_some()];
    let span = path.span();
    if bodies.iter().filter(|it| **it).count() > 1 {
        let message = "a request has one of `form`, `json` and `multipart`";
        return Err(context.error(span, field, message));
    }
    let is_rooted = ["/", "{job}", "{var.", "{value.", "{feed."]
        .iter()
        .any(|it| path.get_ref().starts_with(it));
    if !is_rooted {
        let message = format!(
            "a path begins with `/` or with a placeholder that does, got `{}`",
            path.get_ref()
        );
        return Err(context.error(span, &format!("{field}.path"), message));
    }
    let method = match method {
        None => Method::GET,
        Some(it) => Method::from_bytes(it.get_ref().as_bytes())
            .ok()
            .filter(|method| method.as_str().chars().all(|it| it.is_ascii_uppercase()))
            .ok_or_else(|| {
                context.error(
                    it.span(),
                    &format!("{field}.method"),
                    "must be GET, POST, PUT, DELETE …",
                )
            })?,
    };
    let body = if let Some(fields) = form {
        BodyTemplate::Form(parameters(context, &format!("{field}.form"), &fields)?)
    } else if let Some(json) = json {
        let span = json.span();
        BodyTemplate::Json(json_template(
            context,
            &format!("{field}.json"),
            &span,
            json.into_inner(),
        )?)
    } else if let Some(parts) = multipart {
        let parts = parts
            .into_iter()
            .map(|it| part(context, &format!("{field}.multipart"), it));
        BodyTemplate::Multipart(parts.collect::<Result<_, _>>()?)
    } else {
        BodyTemplate::Empty
    };
    Ok(RequestTemplate {
        method,
        path: template(
            context,
            &format!("{field}.path"),
            path.span(),
            path.get_ref(),
        )?,
        query: parameters(context, &format!("{field}.query"), &query)?,
        headers: header_templates(context, field, &headers)?,
        body,
        timeout: timeout(context, &format!("{field}.timeout_s"), timeout_s)?,
    })
}

fn header_templates(
    context: Context<'_>,
    field: &str,
    headers: &BTreeMap<String, Spanned<String>>,
) -> Result<Vec<(HeaderName, Template)>, ProfileError> {
    let mut checked = Vec::new();
    for (name, value) in headers {
        let field = format!("{field}.headers.{name}");
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| context.error(value.span(), &field, "this is no name of a header"))?;
        checked.push((
            header,
            template(context, &field, value.span(), value.get_ref())?,
        ));
    }
    Ok(checked)
}

fn template(
    context: Context<'_>,
    field: &str,
    span: Range<usize>,
    text: &str,
) -> Result<Template, ProfileError> {
    Template::parse_in(text, context.scope).map_err(|message| context.error(span, field, message))
}

fn parameters(
    context: Context<'_>,
    field: &str,
    values: &BTreeMap<String, Spanned<toml::Value>>,
) -> Result<Vec<(String, Template)>, ProfileError> {
    let mut checked = Vec::new();
    for (name, value) in values {
        let field = format!("{field}.{name}");
        let value_template = match value.get_ref() {
            toml::Value::String(text) => template(context, &field, value.span(), text)?,
            toml::Value::Integer(number) => Template::plain(&number.to_string()),
            toml::Value::Float(number) => Template::plain(&number.to_string()),
            toml::Value::Boolean(truth) => Template::plain(&truth.to_string()),
            _ => {
                return Err(context.error(
                    value.span(),
                    &field,
                    "must be a text, a number or a truth",
                ));
            }
        };
        checked.push((name.clone(), value_template));
    }
    Ok(checked)
}

fn json_template(
    context: Context<'_>,
    field: &str,
    span: &Range<usize>,
    value: toml::Value,
) -> Result<JsonTemplate, ProfileError> {
    Ok(match value {
        toml::Value::String(text) => {
            let parsed = template(context, field, span.clone(), &text)?;
            match parsed.as_plain() {
                Some(plain) => JsonTemplate::Plain(plain.into()),
                None => JsonTemplate::Text(parsed),
            }
        }
        toml::Value::Array(list) => {
            let list = list
                .into_iter()
                .map(|it| json_template(context, field, span, it));
            JsonTemplate::List(list.collect::<Result<_, _>>()?)
        }
        toml::Value::Table(table) => {
            let fields = table.into_iter().map(|(name, it)| {
                let inner = json_template(context, &format!("{field}.{name}"), span, it)?;
                Ok((name, inner))
            });
            JsonTemplate::Object(fields.collect::<Result<_, _>>()?)
        }
        other => JsonTemplate::Plain(plain_json(other)),
    })
}

fn plain_json(value: toml::Value) -> serde_json::Value {
    match value {
        toml::Value::Datetime(time) => time.to_string().into(),
        other => serde_json::to_value(other).unwrap_or_default(),
    }
}

fn part(
    context: Context<'_>,
    field: &str,
    part: Spanned<PartFile>,
) -> Result<PartTemplate, ProfileError> {
    let span = part.span();
    let PartFile { name, text, file } = part.into_inner();
    let field = format!("{field} `{name}`");
    let content = match (text, file) {
        (Some(text), None) => PartContent::Text(template(context, &field, span, &text)?),
        (None, Some(file)) if file == "fits" => PartContent::Fits,
        (None, Some(file)) => match file.strip_prefix("votable:").and_then(range::<u64>) {
            Some((low, high)) if low <= high && high <= 100_000 => {
                PartContent::Positions { low, high }
            }
            _ => {
                let message = "`file` must be `fits` or `votable:A..B` with B at most 100000";
                return Err(context.error(span, &field, message));
            }
        },
        _ => return Err(context.error(span, &field, "a part has either `text` or `file`")),
    };
    Ok(PartTemplate { name, content })
}

const CONTENTS: [(&str, Content, &[&str]); 10] = [
    ("json", Content::Json, &["application/json", "*/*+json"]),
    ("votable", Content::Votable, &VOTABLE_TYPES),
    (
        "csv",
        Content::Csv,
        &["text/csv", "text/tab-separated-values", "application/csv"],
    ),
    ("text", Content::Text, &[]),
    (
        "prometheus",
        Content::Prometheus,
        &["text/plain", "application/openmetrics-text"],
    ),
    (
        "fits",
        Content::Fits,
        &["application/fits", "image/fits", "application/octet-stream"],
    ),
    (
        "availability",
        Content::Availability,
        &["text/xml", "application/xml"],
    ),
    (
        "xml",
        Content::Xml,
        &["text/xml", "application/xml", "*/*+xml"],
    ),
    ("any", Content::Any, &[]),
    ("none", Content::None, &[]),
];

fn success(context: Context<'_>, field: &str, file: SuccessFile) -> Result<Success, ProfileError> {
    let SuccessFile {
        status,
        content,
        content_type,
        rows,
        position,
        inside_cone,
        count,
        min_rows,
        max_rows,
        limit,
        equal,
        present,
        absent,
        overflow,
    } = file;
    let found = CONTENTS.iter().find(|it| it.0 == content.get_ref());
    let Some((_, kind, usual_types)) = found else {
        let names = CONTENTS.map(|it| it.0).join(", ");
        let message = format!(
            "unknown content `{}`: use one of {names}",
            content.get_ref()
        );
        return Err(context.error(content.span(), &format!("{field}.content"), message));
    };
    let usual = || usual_types.iter().map(|&it| it.to_owned()).collect();
    let needs_json = rows
        .as_ref()
        .map(Spanned::span)
        .filter(|_| *kind != Content::Json);
    if let Some(span) = needs_json {
        return Err(context.error(
            span,
            &format!("{field}.rows"),
            "`rows` is for content `json`",
        ));
    }
    let count_cone = match count {
        None => false,
        Some(it) if it.get_ref() == "cone" => true,
        Some(it) => {
            return Err(context.error(it.span(), &format!("{field}.count"), "must be `cone`"));
        }
    };
    let overflow = overflow || limit.is_some();
    Ok(Success {
        status: statuses(context, field, status)?,
        content: *kind,
        content_type: content_type.unwrap_or_else(usual),
        rows: rows
            .map(|it| pointer(context, &format!("{field}.rows"), it))
            .transpose()?,
        position: position.map(|it| pair(context, field, &it)).transpose()?,
        inside_cone,
        count_cone,
        min_rows,
        max_rows,
        limit: limit.map(Spanned::into_inner),
        equal: equal
            .into_iter()
            .map(|(name, value)| {
                let name = Spanned::new(value.span(), name);
                let name = pointer(context, &format!("{field}.equal"), name)?;
                Ok((name, plain_json(value.into_inner())))
            })
            .collect::<Result<_, _>>()?,
        present: pointers(context, &format!("{field}.present"), present)?,
        absent: pointers(context, &format!("{field}.absent"), absent)?,
        overflow,
    })
}

fn statuses(
    context: Context<'_>,
    field: &str,
    given: Option<Vec<Spanned<u16>>>,
) -> Result<Vec<StatusCode>, ProfileError> {
    let Some(list) = given else {
        return Ok(vec![StatusCode::OK]);
    };
    let field = format!("{field}.status");
    list.into_iter()
        .map(|it| {
            StatusCode::from_u16(*it.get_ref())
                .map_err(|_| context.error(it.span(), &field, "must be a status such as 200"))
        })
        .collect()
}

fn pointers(
    context: Context<'_>,
    field: &str,
    list: Vec<Spanned<String>>,
) -> Result<Vec<String>, ProfileError> {
    list.into_iter()
        .map(|it| pointer(context, field, it))
        .collect()
}

fn pair(
    context: Context<'_>,
    field: &str,
    names: &Spanned<Vec<String>>,
) -> Result<(String, String), ProfileError> {
    if let [ra, dec] = names.get_ref().as_slice() {
        return Ok((ra.clone(), dec.clone()));
    }
    let message = "must be the names of right ascension and declination";
    Err(context.error(names.span(), &format!("{field}.position"), message))
}
