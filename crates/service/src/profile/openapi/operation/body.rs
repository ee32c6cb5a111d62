//! What is sent, by the document.

use serde_json::Value;

use super::super::document::Document;
use super::super::schema::Schema;
use super::super::value::Filler;
use crate::protocol::media_type;

/// A body as it will be written.
#[derive(Debug, Default)]
pub(in crate::profile::openapi) enum Body {
    #[default]
    None,
    Json(toml::Value),
    Form(Vec<(String, String)>),
    /// Names with a text, or a FITS file where it is `None`.
    Multipart(Vec<(String, Option<String>)>),
}

/// Reads the body of a request.
pub(super) fn body<'a>(document: &'a Document, operation: &'a Value, filler: &mut Filler) -> Body {
    let body = operation.get("requestBody");
    let body = body.and_then(|it| document.resolve(it));
    let content = body.and_then(|it| it.get("content")?.as_object());
    let Some(content) = content else {
        return Body::None;
    };
    let find = |is_wanted: &dyn Fn(&str) -> bool| {
        content.iter().find(|(media, _)| {
            let media = media_type(media);
            is_wanted(&media)
        })
    };
    let schema_of = |media: &'a Value| {
        let schema = media.get("schema").unwrap_or(&Value::Null);
        Schema::new(document, schema).first_choice()
    };
    if let Some((_, media)) = find(&|it| it.contains("json") || it == "*/*") {
        let examples = media.get("examples").and_then(Value::as_object);
        let named = examples.and_then(|it| it.values().next());
        let named = named.and_then(|it| document.resolve(it)?.get("value"));
        return Body::Json(match media.get("example").or(named) {
            Some(example) => filler.example("", example),
            None => filler.body(schema_of(media)),
        });
    }
    if let Some((_, media)) = find(&|it| it == "multipart/form-data") {
        let parts = schema_of(media).properties();
        let parts = parts
            .into_iter()
            .filter(|it| it.is_required || it.schema.is_file());
        let parts: Vec<_> = parts
            .map(|it| {
                let text = (!it.schema.is_file()).then(|| filler.template(it.name, it.schema));
                (it.name.to_owned(), text)
            })
            .collect();
        if parts.iter().any(|it| it.1.is_none()) {
            filler
                .notes
                .push("the uploaded file is taken for a FITS image".into());
        }
        return Body::Multipart(parts);
    }
    if let Some((_, media)) = find(&|it| it == "application/x-www-form-urlencoded") {
        let fields = schema_of(media).properties();
        let fields = fields.into_iter().filter(|it| it.is_required);
        return Body::Form(
            fields
                .map(|it| (it.name.to_owned(), filler.template(it.name, it.schema)))
                .collect(),
        );
    }
    if let Some(media) = content.keys().next() {
        filler
            .notes
            .push(format!("a body of type `{media}` cannot be sent"));
    }
    Body::None
}
