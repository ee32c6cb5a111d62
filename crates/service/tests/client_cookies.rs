//! Cookies: kept for one user, shown where they belong, and nowhere else.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod client_support;

use client_support::{ENOUGH, FOLLOW, Server, client, exchange, options, read_head, text};
use http::header::{COOKIE, HeaderValue};
use service::client::{Client, ClientOptions};
use service::request::Request;
use tokio::io::AsyncWriteExt as _;

/// Answers with the cookies it was shown, or `none`. A request for `/set?LINE` gets this `Set-Cookie`, one
/// for `/go?URL` is sent there with the cookie `way=1`.
async fn baker(address: &str) -> Server {
    Server::start_at(address, |mut stream, _| async move {
        while let Some(head) = read_head(&mut stream).await {
            let target = head.split(' ').nth(1).unwrap();
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            let query = query.replace('+', " ");
            let more = match path.rsplit('/').next().unwrap() {
                "set" => {
                    let lines = query.replace('&', "\r\nSet-Cookie: ");
                    format!("Set-Cookie: {lines}\r\n")
                }
                "go" => format!("Set-Cookie: way=1; Path=/\r\nLocation: {query}\r\n"),
                _ => String::new(),
            };
            let status = if more.contains("Location") { 302 } else { 200 };
            let shown = head.lines().filter_map(|it| it.strip_prefix("cookie: "));
            let shown: Vec<&str> = shown.collect();
            let body = if shown.is_empty() {
                "none".to_owned()
            } else {
                shown.join(" | ")
            };
            let length = body.len();
            let answer =
                format!("HTTP/1.1 {status} X\r\n{more}Content-Length: {length}\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    })
    .await
}

fn with_cookies(url: &str) -> ClientOptions {
    let mut options = options(url);
    options.cookies = true;
    options
}

/// Lets the server set these cookies; what it is shown afterwards at a path.
async fn shown_at(client: &mut Client, lines: &str, path: &str) -> String {
    text(client, &format!("/set?{lines}")).await;
    text(client, path).await
}

#[tokio::test]
async fn cookies_are_shown_again_only_when_they_are_asked_for_and_by_their_own_user() {
    let server = baker("127.0.0.1:0").await;
    let mut without = client(options(&server.url()));
    assert_eq!(shown_at(&mut without, "a=1", "/x").await, "none");

    let mut user = client(with_cookies(&server.url()));
    assert_eq!(text(&mut user, "/x").await, "none");
    assert_eq!(
        shown_at(&mut user, "a=1&b=%22two%22", "/x").await,
        "a=1; b=%22two%22"
    );
    assert_eq!(shown_at(&mut user, "a=3", "/x").await, "a=3; b=%22two%22");
    user.park();
    user.close();
    assert_eq!(text(&mut user, "/x").await, "a=3; b=%22two%22");

    let mut other = Client::new(user.endpoint().clone());
    assert_eq!(text(&mut other, "/x").await, "none");
}

#[tokio::test]
async fn a_cookie_has_its_path_its_end_and_its_encryption() {
    let server = baker("127.0.0.1:0").await;
    for (line, path, shown) in [
        ("a=1;+Path=/deep", "/", "none"),
        ("a=1;+Path=/deep", "/deeper", "none"),
        ("a=1;+Path=/deep", "/deep/er", "a=1"),
        ("a=1;+Path=/&b=2;+Path=/deep", "/deep", "b=2; a=1"),
        ("a=1;+Path=nonsense", "/", "a=1"),
        ("a=1;+Max-Age=0", "/", "none"),
        ("a=1;+Max-Age=-5", "/", "none"),
        (
            "a=1;+Max-Age=60;+Expires=Thu,+01+Jan+1970+00:00:00+GMT",
            "/",
            "a=1",
        ),
        ("a=1;+Expires=Thu,+01+Jan+1970+00:00:00+GMT", "/", "none"),
        ("a=1;+Expires=Fri,+01-Jan-2100+00:00:00+GMT", "/", "a=1"),
        ("a=1&a=;+Max-Age=0", "/", "none"),
        ("a=1;+Secure;+HttpOnly", "/", "none"),
        ("a=1;+HttpOnly;+SameSite=Strict", "/", "a=1"),
        ("nonsense&=1&b=2", "/", "b=2"),
    ] {
        let mut user = client(with_cookies(&server.url()));
        assert_eq!(
            shown_at(&mut user, line, path).await,
            shown,
            "{line} at {path}"
        );
    }
    // Without a path it is for where it was set.
    let mut user = client(with_cookies(&server.url()));
    text(&mut user, "/deep/set?a=1").await;
    assert_eq!(text(&mut user, "/deep/er").await, "a=1");
    assert_eq!(text(&mut user, "/").await, "none");
}

#[tokio::test]
async fn cookies_set_on_the_way_of_redirects_are_shown_at_its_end() {
    let server = baker("127.0.0.1:0").await;
    let mut user = client(with_cookies(&server.url()));
    assert_eq!(text(&mut user, "/go?/x").await, "way=1");
}

#[tokio::test]
async fn cookies_are_not_shown_to_other_hosts_wherever_redirects_lead() {
    let (home, other) = (baker("127.0.0.1:0").await, baker("127.0.0.2:0").await);
    for line in [
        "a=1",
        "a=1;+Domain=127.0.0.1",
        "a=1;+Domain=127.0.0.2",
        "a=1;+Domain=0.0.2",
        "a=1;+Domain=2",
    ] {
        let mut user = client(with_cookies(&home.url()));
        let path = format!("/go?{}/x", other.url());
        assert_eq!(shown_at(&mut user, line, &path).await, "none", "{line}");
        // Those of the other host stay there in turn.
        let path = format!("/go?{}/set?stranger=1", other.url());
        let told = text(&mut user, &path).await;
        assert!(!told.contains("way"), "{told}");
        let at_home = text(&mut user, "/x").await;
        assert!(
            at_home.contains("way=1") && !at_home.contains("stranger"),
            "{at_home}"
        );
        let path = format!("/go?{}/x", other.url());
        assert_eq!(text(&mut user, &path).await, "stranger=1");
    }
}

#[tokio::test]
async fn what_a_request_says_of_a_cookie_goes_before_the_jar() {
    let server = baker("127.0.0.1:0").await;
    let mut user = client(with_cookies(&server.url()));
    text(&mut user, "/set?a=1&b=2").await;
    let mut request = Request::get("/x", ENOUGH);
    request
        .headers
        .insert(COOKIE, HeaderValue::from_static("c=3; a=own"));
    let (_, shown) = exchange(&mut user, &request, FOLLOW).await;
    assert_eq!(shown, "c=3; a=own; b=2");
}

#[tokio::test]
async fn a_server_that_sets_ever_new_cookies_does_not_fill_the_memory() {
    let server = baker("127.0.0.1:0").await;
    let mut user = client(with_cookies(&server.url()));
    for number in 0..300 {
        text(&mut user, &format!("/set?n{number}=1")).await;
    }
    text(&mut user, &format!("/set?long={}", "x".repeat(5000))).await;
    let shown = text(&mut user, "/x").await;
    assert_eq!(shown.split("; ").count(), 180);
    assert!(
        shown.starts_with("n120=1") && shown.ends_with("n299=1"),
        "{shown}"
    );
}
