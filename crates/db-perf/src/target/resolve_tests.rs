use super::*;

fn env(pairs: &[(&str, &str)]) -> LibpqEnv {
    let home = [("HOME", "/nonexistent")];
    LibpqEnv::from_pairs(home.iter().chain(pairs).copied())
}

fn url(text: &str) -> ConnectionFlags {
    ConnectionFlags {
        url: Some(text.to_owned()),
        ..ConnectionFlags::default()
    }
}

fn resolved(flags: &ConnectionFlags, pairs: &[(&str, &str)]) -> ConnectSpec {
    ConnectSpec::resolve(flags, &env(pairs)).unwrap().unwrap()
}

fn refused(flags: &ConnectionFlags, pairs: &[(&str, &str)]) -> String {
    let error = ConnectSpec::resolve(flags, &env(pairs)).unwrap_err();
    format!("{error}")
}

#[test]
fn nothing_given_is_no_connection() {
    let none = ConnectionFlags::default();
    for pairs in [
        &[][..],
        &[
            ("PGPASSWORD", "x"),
            ("PGSSLMODE", "require"),
            ("PGPASSFILE", "/x"),
        ],
        &[
            ("PGHOST", ""),
            ("PGAPPNAME", "x"),
            ("PGCONNECT_TIMEOUT", "3"),
            ("PGOPTIONS", "-c a=b"),
        ],
    ] {
        assert!(
            ConnectSpec::resolve(&none, &env(pairs)).unwrap().is_none(),
            "{pairs:?}"
        );
    }
    for name in ["PGHOST", "PGDATABASE", "PGUSER"] {
        assert!(
            ConnectSpec::resolve(&none, &env(&[(name, "x")]))
                .unwrap()
                .is_some(),
            "{name}"
        );
    }
}

#[test]
fn flags_beat_the_url_and_the_url_beats_the_environment() {
    let mut flags = url("postgres://u:pw@h:1/d?connect_timeout=3");
    let pairs = [
        ("PGHOST", "envhost"),
        ("PGUSER", "e"),
        ("PGPORT", "9"),
        ("PGPASSWORD", "envpw"),
    ];
    assert_eq!(resolved(&flags, &pairs).describe(), "postgres://u@h:1/d");
    assert_eq!(
        resolved(&flags, &pairs).url_with_password(),
        "postgres://u:pw@h:1/d"
    );
    flags.host = Some("flaghost".to_owned());
    flags.port = Some(7);
    flags.database = Some("a b".to_owned());
    flags.password = Some(Secret::new("p@"));
    let spec = resolved(&flags, &pairs);
    assert_eq!(
        spec.url_with_password(),
        "postgres://u:p%40@flaghost:7/a%20b"
    );
    assert_eq!(spec.time_limit, Some(Duration::from_secs(3)));
    let spec = resolved(&ConnectionFlags::default(), &pairs);
    assert_eq!(spec.url_with_password(), "postgres://e:envpw@envhost:9/e");
    assert_eq!(spec.time_limit, Some(DEFAULT_TIME_LIMIT));
}

#[test]
fn a_host_given_higher_up_replaces_the_address_below() {
    let pairs = [("PGHOSTADDR", "10.0.0.1"), ("PGUSER", "u")];
    assert_eq!(
        resolved(&url("postgres://h/d"), &pairs).describe(),
        "postgres://u@h:5432/d"
    );
    let spec = resolved(&ConnectionFlags::default(), &pairs);
    assert_eq!(spec.describe(), "postgres://u@10.0.0.1:5432/u");
    let address = Some("10.0.0.1".parse().unwrap());
    assert_eq!(
        spec.servers[0].host,
        Host::Tcp {
            name: "10.0.0.1".to_owned(),
            address
        }
    );
}

#[test]
fn neither_debug_nor_errors_show_a_password() {
    let mut flags = url("postgres://u:hunter2@h/d?password=hunter2");
    flags.password = Some(Secret::new("hunter2"));
    let spec = resolved(&flags, &[]);
    let texts = [
        format!("{flags:?}"),
        format!("{spec:?} {spec} {}", spec.describe()),
    ];
    for text in texts.iter().chain([
        &refused(&url("postgres//u:hunter2@h"), &[]),
        &refused(&url("postgres://u:hunter2@h:port/d"), &[]),
        &refused(&url("postgres://u:hunter2%@h/d"), &[]),
    ]) {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn a_folder_as_host_is_a_socket_and_is_never_encrypted() {
    let spec = resolved(
        &url("host=/run/pg user=u port=5433 sslmode=verify-full"),
        &[],
    );
    assert_eq!(spec.describe(), "postgres://u@/u?host=/run/pg&port=5433");
    assert!(spec.is_local());
    assert_eq!(spec.tls.mode, SslMode::Disable);
    assert!(!resolved(&url("postgres://u@h"), &[]).is_local());
    assert!(resolved(&url("postgres://u@[::1]"), &[]).is_local());
}

#[test]
fn lists_of_hosts_and_ports_are_paired() {
    let spec = resolved(&url("postgres://u@a:1,[::1]:2,c/d"), &[]);
    assert_eq!(spec.describe(), "postgres://u@a:1,[::1]:2,c:5432/d");
    let spec = resolved(&url("host=a,b port=7 user=u"), &[]);
    assert_eq!(spec.describe(), "postgres://u@a:7,b:7/u");
    assert_eq!(
        refused(&url("host=a,b,c port=7,8 user=u"), &[]),
        "3 hosts were given with 2 ports: give one for all or one each"
    );
}

#[test]
fn wrong_values_are_named_with_their_rule() {
    for (text, expected) in [
        (
            "host=h port=0",
            "connection parameter `port` must be a number from 1 to 65535, got `0`",
        ),
        (
            "host=h sslmode=on",
            "connection parameter `sslmode` must be one of disable, allow, prefer, require, verify-ca, verify-full, got `on`",
        ),
        (
            "host=h hosst=x",
            "unknown connection parameter `hosst` in `--url`",
        ),
        (
            "hostaddr=h",
            "connection parameter `hostaddr` must be an IP address, got `h`",
        ),
        (
            "host=h connect_timeout=soon",
            "connection parameter `connect_timeout` must be a whole number of seconds, got `soon`",
        ),
        (
            "host=h sslmode=verify-full",
            "`sslmode=verify-full` needs a root certificate, and `/nonexistent/.postgresql/root.crt` does not exist",
        ),
        (
            "host=h sslmode=require sslrootcert=system",
            "connection parameter `sslmode` must be verify-full with `sslrootcert=system`, got `require`",
        ),
        (
            "host=h sslrootcert=/nonexistent/ca.crt",
            "failed to read root certificate `/nonexistent/ca.crt`: No such file or directory (os error 2)",
        ),
        (
            "service=sky",
            "connection service `sky` is not defined in `/nonexistent/.pg_service.conf` or `/etc/postgresql-common/pg_service.conf`",
        ),
    ] {
        assert_eq!(refused(&url(text), &[]), expected, "{text}");
    }
}

#[test]
fn session_settings_are_escaped_and_follow_those_of_the_user() {
    let spec = resolved(&url("host=h user=u"), &[("PGOPTIONS", "-c geqo=off")])
        .with_setting("work_mem", r"1 \B")
        .with_search_path(&["a", r#"b"c"#]);
    assert_eq!(
        spec.startup_options(),
        r#"-c geqo=off -c client_min_messages=warning -c search_path="a","b""c" -c work_mem=1\ \\B"#
    );
}
