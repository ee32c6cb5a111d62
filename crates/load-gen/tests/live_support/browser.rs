//! Chromium, driven by its debugging protocol through a pipe: no port, no driver beside it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, sleep, timeout};

/// Nothing takes longer, on a busy machine either.
const LIMIT: Duration = Duration::from_secs(90);

/// What browsers are called.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// A browser without a window.
pub(crate) struct Browser {
    _child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    asked: u64,
    /// What happened in all pages so far.
    events: Vec<Value>,
    _profile: tempfile::TempDir,
}

/// A page of a browser.
#[derive(Debug, Clone)]
pub(crate) struct Page(String);

impl Browser {
    /// Starts the browser of this machine; none where there is none.
    pub(crate) fn start() -> Option<Self> {
        let program = find()?;
        let profile = tempfile::tempdir().unwrap();
        // It reads orders from descriptor 3 and writes to 4.
        let mut child = Command::new("/bin/sh")
            .args([
                "-c",
                r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#,
            ])
            .arg(program)
            .args([
                "--headless=new",
                "--remote-debugging-pipe",
                "--no-sandbox",
                "--disable-gpu",
            ])
            .args([
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
            ])
            .args([
                "--disable-dev-shm-usage",
                "--disable-extensions",
                "--window-size=1280,900",
            ])
            // Names of the rest of the world are unknown to it.
            .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Some(Self {
            to: child.stdin.take().unwrap(),
            from: BufReader::new(child.stdout.take().unwrap()),
            _child: child,
            asked: 0,
            events: Vec::new(),
            _profile: profile,
        })
    }

    /// Opens a page.
    pub(crate) async fn open(&mut self, url: &str) -> Page {
        let target = self
            .ask(None, "Target.createTarget", json!({"url": "about:blank"}))
            .await;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = self.ask(None, "Target.attachToTarget", attach).await;
        let page = Page(session["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Runtime", "Log", "Network", "Page"] {
            self.ask(Some(&page), &format!("{domain}.enable"), json!({}))
                .await;
        }
        self.ask(Some(&page), "Page.navigate", json!({"url": url}))
            .await;
        page
    }

    /// Calls a method of the protocol.
    pub(crate) async fn ask(&mut self, page: Option<&Page>, method: &str, params: Value) -> Value {
        self.asked += 1;
        let mut order = json!({"id": self.asked, "method": method, "params": params});
        if let Some(Page(session)) = page {
            order["sessionId"] = json!(session);
        }
        let mut bytes = order.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).await.unwrap();
        loop {
            let mut bytes = Vec::new();
            let read = timeout(LIMIT, self.from.read_until(0, &mut bytes)).await;
            assert!(
                read.expect("the browser takes too long").unwrap() > 0,
                "the browser ended"
            );
            bytes.pop();
            let message: Value = serde_json::from_slice(&bytes).unwrap();
            if message["id"] == json!(self.asked) {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    /// The value of an expression in the page.
    pub(crate) async fn value(&mut self, page: &Page, expression: &str) -> Value {
        let params = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer = self.ask(Some(page), "Runtime.evaluate", params).await;
        assert!(
            answer.get("exceptionDetails").is_none(),
            "{expression}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub(crate) async fn until(&mut self, page: &Page, expression: &str) {
        let begin = Instant::now();
        while self.value(page, expression).await != json!(true) {
            if begin.elapsed() > LIMIT {
                let text = self.value(page, "document.body.innerText").await;
                panic!("never true: {expression}; the page says {text}");
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Clicks with the mouse on what a selector finds.
    pub(crate) async fn click(&mut self, page: &Page, selector: &str) {
        let place = format!(
            "(() => {{ const it = document.querySelector({selector:?}); it.scrollIntoView({{block: 'center'}}); \
             const box = it.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        );
        let place = self.value(page, &place).await;
        for kind in ["mousePressed", "mouseReleased"] {
            let params = json!({"type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1});
            self.ask(Some(page), "Input.dispatchMouseEvent", params)
                .await;
        }
    }

    /// Replaces what is in an input by what is typed.
    pub(crate) async fn type_into(&mut self, page: &Page, selector: &str, text: &str) {
        self.value(
            page,
            &format!("document.querySelector({selector:?}).select()"),
        )
        .await;
        self.ask(Some(page), "Input.insertText", json!({"text": text}))
            .await;
    }

    /// Presses a key such as `Tab`, `Enter`, `ArrowRight`.
    pub(crate) async fn press(&mut self, page: &Page, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            "Escape" => (27, ""),
            "ArrowLeft" => (37, ""),
            "ArrowRight" => (39, ""),
            other => panic!("{other}"),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut params =
                json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code});
            if kind == "keyDown" && !text.is_empty() {
                params["text"] = json!(text);
            }
            self.ask(Some(page), "Input.dispatchKeyEvent", params).await;
        }
    }

    /// Shows the page in a size, light or dark.
    pub(crate) async fn look(&mut self, page: &Page, width: u32, height: u32, scheme: &str) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.ask(Some(page), "Emulation.setDeviceMetricsOverride", size)
            .await;
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.ask(Some(page), "Emulation.setEmulatedMedia", media)
            .await;
    }

    /// Writes a picture of the page to the folder of the variable `LOAD_GEN_PICTURES`, if it is set.
    pub(crate) async fn picture(&mut self, page: &Page, name: &str) {
        let Some(folder) = std::env::var_os("LOAD_GEN_PICTURES") else {
            return;
        };
        let shot = self
            .ask(
                Some(page),
                "Page.captureScreenshot",
                json!({"format": "png"}),
            )
            .await;
        let bytes = STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        let path = PathBuf::from(folder).join(format!("{name}.png"));
        common::files::write_whole(&path, &bytes).unwrap();
    }

    /// The URLs that all pages asked for.
    pub(crate) fn asked_urls(&self) -> Vec<String> {
        self.happened("Network.requestWillBeSent")
            .map(|it| it["request"]["url"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Errors, warnings and exceptions that the pages' consoles show.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let logged = self
            .happened("Runtime.consoleAPICalled")
            .filter(|it| matches!(it["type"].as_str(), Some("error" | "warning" | "assert")));
        let entries = self
            .happened("Log.entryAdded")
            .filter(|it| matches!(it["entry"]["level"].as_str(), Some("error" | "warning")));
        let thrown = self.happened("Runtime.exceptionThrown");
        logged
            .chain(entries)
            .chain(thrown)
            .map(Value::to_string)
            .collect()
    }

    fn happened(&self, method: &str) -> impl Iterator<Item = &Value> {
        self.events
            .iter()
            .filter(move |it| it["method"] == json!(method))
            .map(|it| &it["params"])
    }
}

fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let programs = NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |it| it.join(name)));
    programs.into_iter().find(|it| it.is_file())
}
