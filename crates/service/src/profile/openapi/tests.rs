use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::profile::{Content, Group, Placeholder, Profile};

const ARCHIVE: &str = r##"
openapi: 3.1.0
info: { title: "Archive \"of\" stars", version: 2 }
servers: [{ url: "https://archive.example/api" }]
paths:
  /cone:
    parameters:
      - { name: ra, in: query, required: true, schema: { type: number, minimum: 0, maximum: 360 } }
      - { name: dec, in: query, required: true, schema: { type: number } }
    get:
      operationId: coneSearch
      summary: |
        sources around
        a position
      parameters:
        - $ref: "#/components/parameters/Radius"
        - { name: maxRecords, in: query, required: true, schema: { type: integer, maximum: 50 } }
        - { name: type, in: query, required: true, schema: { enum: [STAR, no, "on"] } }
        - { name: sort, in: query, schema: { type: string, enum: [mag, ra] } }
        - { name: X-Trace, in: header, required: true, schema: { type: string, format: uuid } }
        - { name: session, in: cookie, required: true, schema: { type: string } }
      responses:
        200: { content: { application/json: { schema: { $ref: "#/components/schemas/Answer" } } } }
        404: { description: nothing }
  /objects/{objectId}/spectra/{n}:
    get:
      parameters:
        - { name: objectId, in: path, required: true, schema: { type: string, example: "HD 1{2}" } }
        - { name: n, in: path, required: true, schema: { type: integer, minimum: 1, maximum: 4 } }
      responses: { "2XX": { content: { application/fits: {} } } }
  /tables:
    get: { responses: { "200": { content: { text/csv: {} } } } }
    delete: { responses: { "204": { description: gone } } }
  /query:
    post:
      requestBody: { content: { application/x-www-form-urlencoded: { schema: { $ref: "#/components/schemas/Query" } } } }
      responses: { "200": { content: { application/x-votable+xml: {} } } }
components:
  parameters:
    Radius: { name: radius, in: query, required: true, description: in arcmin, schema: { type: number } }
  schemas:
    Query:
      required: [LANG, MAXREC, QUERY]
      properties: { LANG: { const: ADQL }, MAXREC: { type: integer }, QUERY: { type: string }, X: {} }
    Star: { properties: { rightAscension: { type: number }, declination: { type: number } } }
    Answer:
      allOf:
        - properties: { total: { type: integer }, warnings: { type: array, items: { type: string } } }
        - properties: { stars/all: { type: array, items: { $ref: "#/components/schemas/Star" } },
                        Results: { type: [array, "null"], items: { allOf: [{ $ref: "#/components/schemas/Star" }] } } }
"##;

fn pipeline() -> Value {
    json!({
        "openapi": "3.0.1", "info": { "title": "Pipeline", "version": "1" },
        "paths": {
            "/actuator/health": { "get": { "tags": ["Actuator"], "operationId": "health",
                "responses": { "200": { "content": { "application/vnd.spring-boot.actuator.v3+json": {} } } } } },
            "/api/v1/processing/jobs": { "post": { "operationId": "submit_job",
                "requestBody": { "required": true, "content": { "multipart/form-data": { "schema": {
                    "required": ["file", "processingType", "priority"], "properties": {
                        "file": { "type": "string", "format": "binary" },
                        "processingType": { "type": "string", "enum": ["BASIC", "A|B", "FULL"] },
                        "priority": { "type": "integer" }, "note": { "type": "string" } } } } } },
                "responses": { "202": { "content": { "*/*": { "schema": { "type": "object" } } } } } } },
            "/api/v1/catalog/match": { "post": { "operationId": "health",
                "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Match" } } } },
                "responses": { "200": { "content": { "application/json": { "schema": {
                    "type": "array", "items": { "$ref": "#/components/schemas/Star" } } } } } } } },
            "/api/v1/notes": { "put": {
                "requestBody": { "content": { "application/json": {
                    "example": { "ra": 1.5, "text": "a {b}", "list": [1, 2.5, null, { "dec": 2, "n": null }] } } } },
                "responses": { "default": {} } } }
        },
        "components": { "schemas": {
            "Star": { "type": "object", "properties": { "ra": { "type": "number" }, "dec": { "type": "number" } } },
            "Match": { "type": "object", "required": ["catalogs", "inner", "maxMagnitude", "flag", "count", "level"], "properties": {
                "ra": { "type": "number" }, "dec": { "type": "number" }, "radiusDeg": { "type": "number" },
                "catalogs": { "type": "array", "items": { "type": "string", "enum": ["GAIA", "SDSS"] } },
                "inner": { "$ref": "#/components/schemas/Match" }, "flag": { "type": "boolean" },
                "count": { "type": "integer", "default": 7 }, "level": { "type": "number", "example": 0.5 },
                "maxMagnitude": { "type": "number" }, "unused": { "type": "string" } } } } }
    })
}

fn profile(text: &str) -> (String, Profile) {
    let made = from_openapi(text).unwrap();
    let profile = Profile::parse(&made, "made", &BTreeMap::new());
    let profile = profile.unwrap_or_else(|error| panic!("{error}\n{made}"));
    (made, profile)
}

fn parameter(profile: &Profile, operation: &str, name: &str) -> Placeholder {
    let operation = profile.operation(operation).unwrap();
    let query = &operation.call.request.query;
    let (_, template) = query.iter().find(|it| it.0 == name).unwrap();
    let mut found = None;
    let _ = template.value(|it| {
        found = Some(it.clone());
        crate::profile::Value::Bool(true)
    });
    found.unwrap()
}

#[test]
fn a_cone_search_in_yaml_becomes_an_operation_that_is_tested_fully() {
    let (text, profile) = profile(ARCHIVE);
    assert_eq!(profile.name, "archive-of-stars");
    let cone = profile.operation("cone_search").unwrap();
    assert_eq!((cone.group, cone.weight), (Group::Catalog, 1.0));
    assert_eq!(cone.description, "sources around a position");
    assert_eq!(parameter(&profile, "cone_search", "ra"), Placeholder::Ra);
    assert_eq!(
        parameter(&profile, "cone_search", "radius"),
        Placeholder::Radius(60.0)
    );
    assert_eq!(
        parameter(&profile, "cone_search", "maxRecords"),
        Placeholder::Int(10, 50)
    );
    let choice = ["STAR", "no", "on"].map(|it| (it.to_owned(), 1.0)).to_vec();
    assert_eq!(
        parameter(&profile, "cone_search", "type"),
        Placeholder::Choice(choice)
    );
    let success = &cone.call.success;
    assert_eq!(success.content, Content::Json);
    assert_eq!(success.rows.as_deref(), Some("/Results"));
    let names = ("rightAscension".to_owned(), "declination".to_owned());
    assert_eq!(success.position, Some(names));
    assert!(success.inside_cone);
    assert_eq!(success.limit.as_deref(), Some("maxRecords"));
    for line in [
        "# optional in the query: sort = \"{choice:mag|ra}\"",
        "# Made of the OpenAPI document `Archive \"of\" stars`, version 2.",
        "# check: `session` in cookie is not sent",
        "# check: the rows are taken to be in `Results`",
        "# Paths are below the base URL, by the document https://archive.example/api",
    ] {
        assert!(text.lines().any(|it| it == line), "{line}\n{text}");
    }
}

#[test]
fn what_is_not_known_is_a_variable() {
    let (text, profile) = profile(ARCHIVE);
    assert!(!text.contains("session ="));
    assert!(
        text.contains("[variables]\nQUERY = \"CHANGE-ME\"\nobjectId = \"HD 1{2}\"\n"),
        "{text}"
    );
    let spectra = profile
        .operation("get_objects_object_id_spectra_n")
        .unwrap();
    assert_eq!(spectra.call.success.content, Content::Fits);
    assert!(spectra.call.request.uses(&Placeholder::Int(1, 4)));
    let query = profile.operation("post_query").unwrap();
    assert_eq!(query.call.success.content, Content::Votable);
    assert_eq!(query.call.success.limit.as_deref(), Some("MAXREC"));
}

#[test]
fn what_may_change_data_is_not_asked() {
    let (_, archive) = profile(ARCHIVE);
    let delete = archive.operation("delete_tables").unwrap();
    assert!(delete.weight <= 0.0);
    assert_eq!(delete.call.success.content, Content::None);
    assert_eq!(
        archive
            .operation("get_tables")
            .unwrap()
            .call
            .success
            .content,
        Content::Csv
    );

    let (text, pipeline) = profile(&pipeline().to_string());
    let submit = pipeline.operation("submit_job").unwrap();
    assert_eq!((submit.group, submit.weight), (Group::Processing, 0.0));
    assert!(submit.call.request.uploads_fits());
    assert_eq!(submit.call.success.status, [202]);
    assert!(!pipeline.mixed.contains_key(&Group::Processing));
    assert_eq!(pipeline.operation("health").unwrap().group, Group::Health);
    // A name that occurs twice gets a number.
    let search = pipeline.operation("health_2").unwrap();
    assert!(search.call.success.inside_cone);
    assert_eq!(search.call.success.rows.as_deref(), Some(""));
    for part in [
        "catalogs = [\"{choice:GAIA|SDSS}\"]",
        "count = 7",
        "level = 0.5",
        "maxMagnitude = \"{real:18..25}\"",
        "flag = \"{bool}\"",
        "radiusDeg = \"{radius}\"",
        "text = \"a {{b}}\"",
        "list = [1, 2.5, { dec = \"{dec}\" }]",
        "# check: `processingType` has values that a choice cannot hold; they are left out",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn what_is_no_openapi_document_is_refused_with_its_place() {
    let path = "openapi: 3.0.0\npaths:\n  /a:\n    get: {}\n  /b:\n    get:\n      parameters:\n        - ";
    for (text, message) in [
        (
            "{\"openapi\": \"3.0.0\",\n \"paths\": }",
            "line 2, column 11: expected value",
        ),
        (
            "swagger: '2.0'",
            "line 1: swagger: version 2 is not read, convert the document to OpenAPI 3 first",
        ),
        (
            "info: {}\nopenapi: 4.0.0",
            "line 2: openapi: must be 3.0 or 3.1, got `4.0.0`",
        ),
        (
            "openapi: 3",
            "line 1: openapi: must be a text such as \"3.0.3\"",
        ),
        ("{}", "openapi: is missing, so this is no OpenAPI document"),
        ("", "openapi: is missing, so this is no OpenAPI document"),
        ("openapi: 3.0.0", "paths: there are none"),
        (
            "openapi: 3.0.0\npaths: [1]",
            "line 2: paths: must be an object of paths",
        ),
        (
            "openapi: 3.0.0\npaths: {a: {}}",
            "line 2: paths.a: a path begins with `/`",
        ),
        (
            "openapi: 3.0.0\npaths:\n  /a: {}",
            "line 2: paths: there is no operation in any of them",
        ),
        (
            "openapi: 3.0.0\npaths:\n  /a:\n    get: 1",
            "line 4: paths./a.get: must be an object",
        ),
        (
            &format!("{path}{{ in: query }}"),
            "line 6: paths./b.get.parameters[0].name: is missing",
        ),
        (
            &format!("{path}{{ name: x }}"),
            "line 6: paths./b.get.parameters[0].in: is missing: path, query, header or cookie",
        ),
        (
            &format!("{path}$ref: '#/components/x'"),
            "line 6: paths./b.get.parameters[0].$ref: leads to nothing in this document",
        ),
    ] {
        assert_eq!(
            from_openapi(text).unwrap_err().to_string(),
            message,
            "{text}"
        );
    }
    let error = from_openapi("openapi: 3.0.0\npaths: {\n  a: [1\n").unwrap_err();
    assert!(
        matches!(error, OpenApiError::Syntax { line: 3.., .. }),
        "{error}"
    );
}

/// All places of a value, as JSON pointers.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                places(inner, &format!("{at}/{name}"), all);
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                places(inner, &format!("{at}/{index}"), all);
            }
        }
        _ => {}
    }
}

fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!({})),
        Just(json!([])),
        Just(json!([{ "a": null }])),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[a-z{}|*\"\\\\\n\t]{0,8}".prop_map(Value::from),
        Just(json!({ "$ref": "#/components/schemas/Match" })),
        Just(json!({ "$ref": "#/paths" })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn whatever_is_made_can_be_read(
        changes in prop::collection::vec((any::<prop::sample::Index>(), anything()), 0..6),
        name in "\\PC{1,12}",
        in_yaml in any::<bool>(),
    ) {
        let mut document: Value = if in_yaml {
            serde_saphyr::from_str(ARCHIVE).unwrap()
        } else {
            pipeline()
        };
        document["paths"][format!("/{name}/{{{name}}}")] = json!({ "get": {
            "operationId": name, "description": name,
            "parameters": [{ "name": name, "in": "query", "required": true }] } });
        for (which, value) in changes {
            let mut all = Vec::new();
            places(&document, "", &mut all);
            let at = &all[which.index(all.len())];
            if let Some(place) = document.pointer_mut(at) {
                *place = value;
            }
        }
        if let Ok(made) = from_openapi(&document.to_string()) {
            let read = Profile::parse(&made, "made", &BTreeMap::new());
            prop_assert!(read.is_ok(), "{:?}\n{made}", read.err());
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}|[\\[\\]{}:,\"a \n-]{0,40}") {
        let _ = from_openapi(&text);
        let _ = from_openapi(&format!("openapi: 3.0.0\npaths: {text}"));
    }
}
