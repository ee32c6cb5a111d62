//! Wrong profiles: each names its line and field.

use std::collections::BTreeMap;

use crate::profile::Profile;

const HEAD: &str = "format = 1\nname = \"test\"\n";

fn operation(rest: &str) -> String {
    format!("{HEAD}[[operation]]\nname = \"ask\"\ngroup = \"catalog\"\n{rest}\n")
}

#[track_caller]
fn fails(text: &str, line: usize, field: &str, message: &str) {
    let error = Profile::parse(text, "my.toml", &BTreeMap::new()).unwrap_err();
    let shown = error.to_string();
    assert!(shown.starts_with(&format!("my.toml:{line}:")), "{shown}");
    assert!(error.field.contains(field), "{shown}");
    assert!(error.message.contains(message), "{shown}");
}

#[test]
fn the_smallest_profile_is_read() {
    let text = operation("request = { path = \"/x\" }\nsuccess = { content = \"any\" }");
    let profile = Profile::parse(&text, "my.toml", &BTreeMap::new()).unwrap();
    let ask = profile.operation("ask").unwrap();
    assert_eq!(ask.call.success.status, [http::StatusCode::OK]);
    assert!(!ask.needs_job());
}

#[test]
fn what_is_no_toml_has_a_line() {
    fails("format = 1\nname = ", 2, "file", "");
    fails(&operation("requst = {}"), 6, "file", "unknown field");
    fails("name = \"x\"", 1, "file", "missing field");
}

#[test]
fn mistakes_name_their_line_and_field() {
    let with = |request: &str, success: &str| {
        operation(&format!(
            "request = {{ {request} }}\nsuccess = {{ {success} }}"
        ))
    };
    let any = "content = \"any\"";
    fails(
        &with("path = \"x\"", any),
        6,
        "request.path",
        "begins with `/`",
    );
    fails(
        &with("path = \"/{raa}\"", any),
        6,
        "request.path",
        "unknown placeholder",
    );
    fails(
        &with("path = \"/x\", method = \"get\"", any),
        6,
        "request.method",
        "GET",
    );
    fails(
        &with("path = \"/x\", query = { a = \"{int:3..1}\" }", any),
        6,
        "request.query.a",
        "A at most B",
    );
    fails(
        &with("path = \"/x\", form = {}, json = {}", any),
        6,
        "request",
        "one of",
    );
    fails(
        &with("path = \"/x\", timeout_s = 0", any),
        6,
        "timeout_s",
        "above 0",
    );
    fails(
        &with("path = \"/x\"", "content = \"jsn\""),
        7,
        "success.content",
        "unknown content",
    );
    fails(
        &with("path = \"/x\"", "content = \"csv\", rows = \"/a\""),
        7,
        "success.rows",
        "content `json`",
    );
    fails(
        &with("path = \"/x\"", "content = \"json\", rows = \"a\""),
        7,
        "success.rows",
        "begins with `/`",
    );
    fails(
        &with("path = \"/x\"", "content = \"any\", status = [42]"),
        7,
        "success.status",
        "status",
    );
    fails(
        &with("path = \"/x\"", "content = \"votable\", inside_cone = true"),
        4,
        "success",
        "{radius}",
    );
    fails(
        &with("path = \"/x\"", "content = \"any\", limit = \"n\""),
        4,
        "success.limit",
        "`n`",
    );
}

#[test]
fn jobs_need_their_words() {
    let text = operation(
        "request = { path = \"/x\" }\nsuccess = { content = \"json\" }\n[operation.job]\nid = \"json:/id\"\n\
         phase = \"/status\"\npoll = { request = { path = \"/{job}\" }, success = { content = \"json\" } }",
    );
    fails(&text, 4, "job", "`done` and `failed`");
    fails(&text.replace("json:/id", "id"), 4, "job", "");
}

#[test]
fn names_occur_once_and_variables_exist() {
    let one = "request = { path = \"/x\" }\nsuccess = { content = \"any\" }\n";
    let twice = format!(
        "{}[[operation]]\nname = \"ask\"\ngroup = \"health\"\n{one}",
        operation(one)
    );
    fails(&twice, 10, "operation.name", "occurs twice");
    let given = BTreeMap::from([("tabel".to_owned(), "x".to_owned())]);
    let error = Profile::parse(&operation(one), "my.toml", &given).unwrap_err();
    assert!(error.message.contains("no such variable"), "{error}");
    fails(
        &format!("{}[mixed]\nhealth = 1\n", operation(one)),
        1,
        "mixed",
        "group `health`",
    );
    fails("format = 2\nname = \"x\"", 1, "format", "format 1");
}

#[test]
fn an_operation_whose_variable_is_empty_is_left_out() {
    let text = |value: &str| {
        format!(
            "{HEAD}[variables]\nimage = \"{value}\"\n[[operation]]\nname = \"ask\"\ngroup = \"catalog\"\n\
             needs = [\"image\"]\nrequest = {{ path = \"/{{var.image}}\" }}\nsuccess = {{ content = \"any\" }}\n"
        )
    };
    let weight = |value: &str| {
        let profile = Profile::parse(&text(value), "my.toml", &BTreeMap::new()).unwrap();
        profile.operations[0].weight
    };
    assert!(weight("").abs() < f64::EPSILON);
    assert!((weight("x") - 1.0).abs() < f64::EPSILON);
    fails(
        &text("").replace("[\"image\"]", "[\"imag\"]"),
        8,
        "needs",
        "no `imag`",
    );
}

#[test]
fn an_operation_that_is_like_another_takes_what_it_does_not_say() {
    let text = format!(
        "{}[[operation]]\nname = \"again\"\nlike = \"ask\"\ngroup = \"health\"\n\
         capture = [{{ name = \"id\", json = \"/id\" }}]\n",
        operation("request = { path = \"/x\" }\nsuccess = { content = \"json\" }")
    );
    let profile = Profile::parse(&text, "my.toml", &BTreeMap::new()).unwrap();
    let again = profile.operation("again").unwrap();
    assert_eq!(again.call.request.path.source(), "/x");
    assert_eq!(again.captured().collect::<Vec<_>>(), ["id"]);
    fails(
        &text.replace("like = \"ask\"", "like = \"asked\""),
        10,
        "operation `again`: like",
        "there are: ask",
    );
    fails(
        &text.replace("like = \"ask\"\n", ""),
        9,
        "again",
        "`like` another one",
    );
    let lone = text.replace("like = \"ask\"", "request = { path = \"/y\" }");
    fails(&lone, 9, "again", "`request` without `success`");
}

#[test]
fn values_are_captured_somewhere() {
    let text = operation("request = { path = \"/{value.id}\" }\nsuccess = { content = \"json\" }");
    fails(&text, 4, "operation `ask`", "no operation has a `capture`");
    let captured = format!("{text}capture = [{{ name = \"id\", header = \"X-Id\" }}]\n");
    Profile::parse(&captured, "my.toml", &BTreeMap::new()).unwrap();
    let twice = captured.replace("}]\n", "}, { name = \"id\", json = \"/id\" }]\n");
    fails(&twice, 8, "capture", "captured twice");
}
