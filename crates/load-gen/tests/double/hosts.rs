//! Network hosts on this machine: a namespace each, a bridge in that of the master, and cables between them.

use std::future::Future;
use std::io::{BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Says that this process is in a namespace already.
const INSIDE: &str = "LOAD_GEN_TEST_NAMESPACE";

/// Runs a test of this name in a network namespace of its own, or says why not.
pub(crate) fn in_a_namespace(test: &str, body: impl Future<Output = ()>) {
    if std::env::var_os(INSIDE).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        return runtime.unwrap().block_on(body);
    }
    if !nix::unistd::geteuid().is_root() {
        println!("not tested: only root can make network namespaces");
        return;
    }
    for tool in ["ip", "unshare", "python3"] {
        if Command::new(tool).arg("--help").output().is_err() {
            println!("not tested: `{tool}` is not on this machine");
            return;
        }
    }
    let status = Command::new("unshare")
        .arg("--net")
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .env("LOAD_GEN_TOKEN", "a token for namespaces")
        .status();
    assert!(
        status.unwrap().success(),
        "the test failed in its namespace"
    );
}

/// The hosts of a test. They are removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Hosts {
    master: Ipv4Addr,
    prefix: String,
    names: Vec<String>,
    relays: Vec<Child>,
}

fn ip(words: &str) {
    let done = Command::new("ip").args(words.split(' ')).output().unwrap();
    let error = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "ip {words}: {error}");
}

impl Hosts {
    /// The master's host with a bridge.
    pub(crate) fn new() -> Self {
        ip("link set lo up");
        ip("link add name bridge type bridge");
        ip(&format!("addr add {}/24 dev bridge", address(1)));
        ip("link set bridge up");
        Self {
            master: address(1),
            prefix: format!("load-gen-{}", std::process::id()),
            names: Vec::new(),
            relays: Vec::new(),
        }
    }

    /// The master's address.
    pub(crate) fn address(&self) -> Ipv4Addr {
        self.master
    }

    /// The name of a host's namespace.
    pub(crate) fn name(&self, host: &str) -> String {
        format!("{}-{host}", self.prefix)
    }

    /// Adds a host with a cable to the bridge.
    pub(crate) fn add(&mut self, host: &str) {
        let space = self.space(host);
        ip(&format!(
            "link add name {host} type veth peer name port netns {space}"
        ));
        self.plug_in(host, &space);
    }

    /// Adds a host behind a cable that delays each way, and loses packets.
    pub(crate) fn add_far(&mut self, host: &str, delay_ms: u32, loss_percent: u32) {
        let space = self.space(host);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/relay.py");
        let mut relay = Command::new("python3")
            .arg(script)
            .args([
                host,
                "port",
                &delay_ms.to_string(),
                &loss_percent.to_string(),
            ])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let out = relay.stdout.take().unwrap();
        self.relays.push(relay);
        BufReader::new(out).read_line(&mut said).unwrap();
        assert_eq!(said, "ready\n");
        ip(&format!("link set port netns {space}"));
        self.plug_in(host, &space);
    }

    fn space(&mut self, host: &str) -> String {
        let space = self.name(host);
        ip(&format!("netns add {space}"));
        self.names.push(space.clone());
        space
    }

    fn plug_in(&self, host: &str, space: &str) {
        ip(&format!("link set dev {host} master bridge"));
        ip(&format!("link set dev {host} up"));
        let own = address(u8::try_from(self.names.len() + 1).unwrap());
        ip(&format!("-n {space} addr add {own}/24 dev port"));
        ip(&format!("-n {space} link set port up"));
        ip(&format!("-n {space} link set lo up"));
    }

    /// Pulls a cable (`down`) or plugs it in (`up`).
    pub(crate) fn cable(&self, host: &str, state: &str) {
        assert!(self.names.contains(&self.name(host)), "no host {host}");
        ip(&format!("link set dev {host} {state}"));
    }
}

fn address(host: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 251, 0, host)
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for relay in &mut self.relays {
            // It may have ended.
            let _ = relay.kill();
            let _ = relay.wait();
        }
        for name in &self.names {
            // The rest is removed all the same.
            let _ = Command::new("ip").args(["netns", "del", name]).status();
        }
    }
}
