//! The live page in a real browser. Where there is none these tests say so and pass.

use std::time::Duration;

use common::cli;
use load_gen::live::web::{Download, Downloads, Served, serve};
use load_gen::live::{Order, State, View, Wanted};
use serde_json::json;

use crate::live_support::browser::{Browser, Page};
use crate::live_support::rehearsal::Rehearsal;

mod live_support;

/// A second of a rehearsal here.
const SECOND: Duration = Duration::from_millis(200);

/// A browser, and the page of a rehearsal that goes on by itself.
struct Scene {
    browser: Browser,
    served: Served,
    view: View,
    downloads: Downloads,
}

impl Scene {
    async fn new(run: Rehearsal) -> Option<Self> {
        let Some(browser) = Browser::start() else {
            cli::narrate(
                "skipped: no chromium on the PATH; `scripts/setup --for test` installs it",
            );
            return None;
        };
        let view = run.play(SECOND);
        let downloads = Downloads::default();
        let Ok(served) = serve("127.0.0.1:0", view.clone(), downloads.clone()).await else {
            panic!("the page is not served");
        };
        Some(Self {
            browser,
            served,
            view,
            downloads,
        })
    }

    async fn open(&mut self) -> Page {
        let url = self.served.url.clone();
        let page = self.browser.open(&url).await;
        self.browser
            .until(
                &page,
                "document.querySelector('#scenario')?.textContent === 'observatory'",
            )
            .await;
        page
    }

    async fn until_state(&mut self, page: &Page, state: &str) {
        let is = format!("document.querySelector('#state').textContent === {state:?}");
        self.browser.until(page, &is).await;
    }

    /// No page complained, and nobody but the server was asked.
    fn assert_clean(&self) {
        assert_eq!(self.browser.complaints(), Vec::<String>::new());
        let urls = self.browser.asked_urls();
        assert!(urls.len() >= 2, "{urls:?}");
        for url in urls {
            assert!(
                url.starts_with(&self.served.url) || url.starts_with("data:"),
                "{url}"
            );
        }
    }
}

fn show(page: &str) -> String {
    format!("document.querySelector('#tab-{page}').click()")
}

/// How many points the first line of a chart has.
fn points(chart: u32) -> String {
    format!(
        "Number(document.querySelectorAll('figure')[{chart}].querySelector('path')?.dataset.points ?? 0)"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_started_changed_paused_and_stopped() {
    let Some(mut scene) = Scene::new(Rehearsal::waiting(Wanted::Users(25), Some(600.0))).await
    else {
        return;
    };
    let page = scene.open().await;
    scene.until_state(&page, "waiting for its start").await;
    scene.browser.picture(&page, "start").await;
    assert_eq!(
        scene
            .browser
            .value(&page, "document.querySelector('#start-users').value")
            .await,
        json!("25")
    );
    scene.browser.type_into(&page, "#start-users", "40").await;
    scene.browser.type_into(&page, "#start-spawn", "10").await;
    scene.browser.click(&page, "#start-form button").await;
    scene.until_state(&page, "running").await;
    scene
        .browser
        .until(
            &page,
            "document.querySelector('#figures').innerText.includes('40')",
        )
        .await;
    assert_eq!(scene.view.now().wanted, Wanted::Users(40));

    scene.browser.click(&page, "#tab-charts").await;
    scene
        .browser
        .until(&page, &format!("{} > 8", points(0)))
        .await;
    scene
        .browser
        .until(&page, &format!("{} > 8", points(1)))
        .await;

    scene.browser.click(&page, "#edit").await;
    scene.browser.type_into(&page, "#edit-users", "90").await;
    scene.browser.press(&page, "Enter").await;
    scene
        .browser
        .until(
            &page,
            "document.querySelector('#figures').innerText.includes('90')",
        )
        .await;
    assert_eq!(scene.view.now().wanted, Wanted::Users(90));
    scene
        .browser
        .until(&page, "document.querySelector('#edit-form').hidden")
        .await;

    scene.browser.click(&page, "#pause").await;
    scene.until_state(&page, "paused").await;
    scene.browser.click(&page, "#pause").await;
    scene.until_state(&page, "running").await;

    scene.browser.click(&page, "#stop").await;
    scene
        .browser
        .until(&page, "document.querySelector('#stop-dialog').open")
        .await;
    scene.browser.press(&page, "Escape").await;
    scene
        .browser
        .until(&page, "!document.querySelector('#stop-dialog').open")
        .await;
    assert_eq!(
        scene.view.now().state,
        State::Running,
        "asking is not stopping"
    );
    scene.browser.click(&page, "#stop").await;
    scene.browser.click(&page, "#stop-yes").await;
    scene.until_state(&page, "finished").await;

    scene
        .downloads
        .offer(Download::ResultsJson, r#"{"well": true}"#);
    scene
        .browser
        .until(
            &page,
            "document.getElementById('results.json').href.endsWith('/api/results.json')",
        )
        .await;
    let got = "fetch('/api/results.json').then((it) => it.json()).then((it) => it.well)";
    assert_eq!(scene.browser.value(&page, got).await, json!(true));
    scene.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_can_be_reached_by_keyboard_and_shows_its_content() {
    let mut run = Rehearsal::after(Wanted::Users(100), Some(600.0), 120);
    run.workers = 3;
    run.limited_from = Some(1);
    let Some(mut scene) = Scene::new(run).await else {
        return;
    };
    let page = scene.open().await;
    scene.browser.look(&page, 1280, 900, "light").await;
    scene
        .browser
        .value(&page, "document.querySelector('#tab-statistics').focus()")
        .await;
    for (name, content) in [
        ("statistics", "magnitude_search"),
        ("charts", "Response time"),
        ("failures", "http_status_503"),
        ("workers", "missing"),
        ("limits", "no data yet"),
        ("download", "when the run is over"),
    ] {
        let shown = format!(
            "(() => {{ const it = document.querySelector('#page-{name}'); \
             return !it.hidden && it.innerText.includes({content:?}) && location.hash === '#{name}'; }})()"
        );
        if name != "statistics" {
            scene.browser.press(&page, "ArrowRight").await;
            scene.browser.until(&page, &shown).await;
        }
        scene.browser.picture(&page, name).await;
    }
    let warned = "document.querySelector('#warnings').innerText";
    let warned = scene.browser.value(&page, warned).await;
    assert!(
        warned.as_str().unwrap().contains("generator limited since"),
        "{warned}"
    );
    scene.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_fits_narrow_screens_and_the_dark() {
    let Some(mut scene) = Scene::new(Rehearsal::after(Wanted::Rate(400.0), None, 120)).await else {
        return;
    };
    let page = scene.open().await;
    let ground = "getComputedStyle(document.body).backgroundColor";
    scene.browser.look(&page, 1280, 900, "light").await;
    let light = scene.browser.value(&page, ground).await;
    for (width, height) in [(1280, 900), (360, 800)] {
        scene.browser.look(&page, width, height, "dark").await;
        for name in ["statistics", "charts", "failures", "download"] {
            scene.browser.value(&page, &show(name)).await;
            let overflow =
                "document.documentElement.scrollWidth - document.documentElement.clientWidth";
            let overflow = scene.browser.value(&page, overflow).await;
            assert_eq!(overflow, json!(0), "{name} at {width}");
            scene
                .browser
                .picture(&page, &format!("dark-{width}-{name}"))
                .await;
        }
    }
    assert_ne!(scene.browser.value(&page, ground).await, light);
    scene.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn several_pages_steer_the_same_run() {
    let Some(mut scene) = Scene::new(Rehearsal::after(Wanted::Users(10), None, 30)).await else {
        return;
    };
    let one = scene.open().await;
    let other = scene.open().await;
    scene.browser.click(&one, "#pause").await;
    scene.until_state(&other, "paused").await;
    scene.browser.click(&other, "#pause").await;
    scene.until_state(&one, "running").await;
    scene.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_said_and_found_again() {
    let Some(mut scene) = Scene::new(Rehearsal::after(Wanted::Users(10), None, 30)).await else {
        return;
    };
    let page = scene.open().await;
    let address = scene.served.address.to_string();
    scene.served.close().await;
    scene
        .browser
        .until(&page, "!document.querySelector('#silence').hidden")
        .await;
    let Ok(again) = serve(&address, scene.view.clone(), scene.downloads.clone()).await else {
        panic!("the page is not served again");
    };
    scene.view.ask(Order::Users {
        users: 33,
        spawn_rate: 1e6,
    });
    scene
        .browser
        .until(
            &page,
            "document.querySelector('#figures').innerText.includes('33')",
        )
        .await;
    scene
        .browser
        .until(&page, "document.querySelector('#silence').hidden")
        .await;
    scene.browser.value(&page, &show("charts")).await;
    scene
        .browser
        .until(&page, &format!("{} > 30", points(0)))
        .await;
    again.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_service_says_is_text_and_not_markup() {
    let Some(mut scene) = Scene::new(Rehearsal::after(Wanted::Users(100), None, 60)).await else {
        return;
    };
    let page = scene.open().await;
    scene.browser.value(&page, &show("failures")).await;
    scene
        .browser
        .until(
            &page,
            "document.querySelector('#failures').innerText.includes('<b>pool</b>')",
        )
        .await;
    assert_eq!(
        scene
            .browser
            .value(&page, "document.querySelectorAll('#failures b').length")
            .await,
        json!(0)
    );
    scene.assert_clean();
}
