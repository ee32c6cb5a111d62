//! nginx with one file of 1 KB, on core 0.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tempfile::TempDir;

/// A running nginx; stopped when dropped.
pub(crate) struct Nginx {
    process: Child,
    folder: TempDir,
    port: u16,
}

impl Nginx {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let row = r#"{"source":"SKY J123456.78+012345.6","ra":188.7366,"dec":1.3960,"mag":17.25},"#;
        let body = format!("[{}]", &row.repeat(14)[..1022]);
        put(folder.path(), "sky.json", &body)?;
        put(
            folder.path(),
            "nginx.conf",
            &configuration(folder.path(), port),
        )?;
        let process = Command::new("taskset")
            .args(["-c", "0", "nginx", "-c"])
            .arg(folder.path().join("nginx.conf"))
            .arg("-p")
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("taskset or nginx cannot be started")?;
        let nginx = Self {
            process,
            folder,
            port,
        };
        for _ in 0..100 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(nginx);
            }
            sleep(Duration::from_millis(50));
        }
        bail!("nginx did not start within 5 s")
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/sky.json", self.port)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // There is nobody left to tell of a failure here.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn configuration(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "worker_processes 1; daemon off; master_process off; pid {folder}/nginx.pid;
         error_log {folder}/error.log;
         events {{ worker_connections 1024; }}
         http {{
           access_log off; default_type application/json; sendfile on; tcp_nopush on; tcp_nodelay on;
           keepalive_requests 1000000000; keepalive_timeout 600s; open_file_cache max=10;
           client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
           fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
           scgi_temp_path {folder}/scgi;
           server {{ listen 127.0.0.1:{port}; root {folder}; }}
         }}"
    )
}

fn put(folder: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    common::files::write_whole(&folder.join(name), text.as_bytes())?;
    Ok(())
}
