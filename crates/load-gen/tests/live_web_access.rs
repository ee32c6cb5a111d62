//! Who may ask the live page.

use load_gen::live::Wanted;
use serde_json::json;

use crate::live_support::http::send;
use crate::live_support::page::Scene;
use crate::live_support::rehearsal::Rehearsal;

mod live_support;

#[tokio::test]
async fn the_page_may_run_what_is_in_it_and_reach_nobody_else() {
    let scene = Scene::running().await;
    let page = scene.get("/", &[]).await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(policy.contains("connect-src 'self'"), "{policy}");
    assert!(
        !policy.contains("unsafe") && !policy.contains("http"),
        "{policy}"
    );
    let strange = page.body.matches("http").count();
    let namespaces = page.body.matches("http://www.w3.org/2000/svg").count();
    assert_eq!(
        strange,
        namespaces + page.body.matches("http_").count(),
        "only names of formats look like URLs"
    );
    assert!(page.body.len() < 60_000, "{}", page.body.len());
}

#[tokio::test]
async fn on_the_loopback_address_only_its_names_are_answered() {
    let scene = Scene::running().await;
    let ask = async |host: &str| {
        send(
            scene.served.address,
            "GET /api/snapshot",
            &[("host", host)],
            "",
        )
        .await
        .status
    };
    for host in [
        "127.0.0.1",
        "localhost:1",
        "LOCALHOST",
        "[::1]:8089",
        "127.9.9.9",
    ] {
        assert_eq!(ask(host).await, 200, "{host}");
    }
    for host in [
        "evil.example",
        "localhost.evil.example:8089",
        "192.0.2.1",
        "127.0.0.1.evil.example",
    ] {
        assert_eq!(ask(host).await, 403, "{host}");
    }
    assert_eq!(
        send(
            scene.served.address,
            "GET /",
            &[("host", "evil.example")],
            ""
        )
        .await
        .status,
        403
    );
    assert_eq!(ask("").await, 400);
}

#[tokio::test]
async fn other_sites_can_neither_steer_nor_read() {
    let mut scene = Scene::running().await;
    let own = format!("http://{}", scene.host());
    for (headers, status) in [
        (vec![("origin", "http://evil.example")], 403),
        (vec![("origin", "null")], 403),
        (vec![("origin", "http://127.0.0.1:1")], 403),
        (vec![("sec-fetch-site", "cross-site")], 403),
        (vec![("sec-fetch-site", "same-site")], 403),
        (
            vec![("origin", own.as_str()), ("sec-fetch-site", "same-origin")],
            202,
        ),
        (vec![], 202),
    ] {
        let answer = scene.post("/api/stop", &json!({}), &headers).await;
        assert_eq!(answer.status, status, "{headers:?}");
        assert_eq!(scene.order().is_some(), status == 202, "{headers:?}");
    }
    let read = scene
        .get("/api/snapshot", &[("sec-fetch-site", "cross-site")])
        .await;
    assert_eq!(read.status, 403);
    let plain = scene.get("/api/snapshot", &[]).await;
    assert_eq!(
        plain.header("cross-origin-resource-policy"),
        Some("same-origin")
    );
    assert_eq!(plain.header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test]
async fn a_form_of_another_site_is_no_order() {
    let mut scene = Scene::running().await;
    let host = scene.host();
    let headers = [("host", host.as_str()), ("content-type", "text/plain")];
    let answer = send(
        scene.served.address,
        "POST /api/users",
        &headers,
        r#"{"users": 5}"#,
    )
    .await;
    assert_eq!(answer.status, 415);
    assert_eq!(scene.order(), None);
}

#[tokio::test]
async fn other_addresses_need_the_token() {
    let scene = Scene::new("0.0.0.0:0", Rehearsal::after(Wanted::Users(5), None, 5)).await;
    let port = scene.served.address.port();
    let (_, token) = scene.served.url.split_once("/?token=").unwrap();
    assert_eq!(token.len(), 22, "128 bits");

    assert_eq!(scene.get("/", &[]).await.status, 401);
    assert_eq!(scene.get("/?token=", &[]).await.status, 401);
    let almost = format!("/?token={}x", &token[..21]);
    assert_eq!(scene.get(&almost, &[]).await.status, 401);
    let refused = scene.get("/api/snapshot", &[]).await;
    assert_eq!(refused.status, 401);
    assert!(refused.body.contains("the whole URL"), "{}", refused.body);
    assert!(!refused.body.contains(token) && !refused.head.contains(token));

    let entered = scene.get(&format!("/?token={token}"), &[]).await;
    assert_eq!(entered.status, 200);
    let cookie = entered.header("set-cookie").unwrap();
    assert_eq!(
        cookie,
        format!("load_gen_{port}={token}; Path=/; HttpOnly; SameSite=Strict")
    );
    assert!(!entered.body.contains(token));

    let pair = format!("other=1; load_gen_{port}={token}");
    assert_eq!(
        scene
            .get("/api/snapshot", &[("cookie", &pair)])
            .await
            .status,
        200
    );
    let bearer = format!("Bearer {token}");
    assert_eq!(
        scene
            .get("/api/snapshot", &[("authorization", &bearer)])
            .await
            .status,
        200
    );
    let in_order = scene
        .post(&format!("/api/stop?token={token}"), &json!({}), &[])
        .await;
    assert_eq!(in_order.status, 401, "a URL alone steers nothing");
    let foreign = [("cookie", pair.as_str()), ("origin", "http://evil.example")];
    assert_eq!(
        scene.post("/api/stop", &json!({}), &foreign).await.status,
        403
    );
}

#[tokio::test]
async fn each_page_has_a_token_of_its_own() {
    let run = || Rehearsal::after(Wanted::Users(5), None, 5);
    let one = Scene::new("0.0.0.0:0", run()).await;
    let other = Scene::new("0.0.0.0:0", run()).await;
    let token = |scene: &Scene| scene.served.url.split_once("token=").unwrap().1.to_owned();
    assert_ne!(token(&one), token(&other));
}
