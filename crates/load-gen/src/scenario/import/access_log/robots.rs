//! Who is behind a request: a person, a script, a robot.

use std::sync::LazyLock;

use regex::Regex;

/// Who is behind a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A person with a browser or a tool.
    People,
    /// A program that works for somebody.
    Scripts,
    /// A crawler or a monitoring system.
    Robots,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::People, Self::Scripts, Self::Robots];

    /// The name of the persona.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Scripts => "scripts",
            Self::Robots => "robots",
        }
    }

    pub(super) fn place(self) -> usize {
        match self {
            Self::People => 0,
            Self::Scripts => 1,
            Self::Robots => 2,
        }
    }
}

static ROBOTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = "bot\\b|bot[/_-]|crawl|spider|slurp|scrapy|archiver|monitor|pingdom|uptime|nagios|check_http|zabbix|\
        icinga|prometheus|blackbox|kube-probe|healthcheck|googlehc|statuscake|datadog|facebookexternalhit|\
        censys|zgrab|masscan|nmap|nikto|validator";
    Regex::new(&format!("(?i){words}")).ok()
});

static SCRIPTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words = "python|curl/|wget|libwww|okhttp|go-http|java/|astropy|astroquery|pyvo|stilts|axios|httpclient|\
        aiohttp|node-fetch|ruby|perl|\\br/|libcurl|powershell";
    Regex::new(&format!("(?i){words}")).ok()
});

/// What a request says about who asks: its program, or that it wants the rules for robots.
pub(super) fn told(agent: &str, target: &str) -> Option<Kind> {
    let has = |words: &Option<Regex>| words.as_ref().is_some_and(|it| it.is_match(agent));
    if has(&ROBOTS) || target == "/robots.txt" {
        Some(Kind::Robots)
    } else if has(&SCRIPTS) {
        Some(Kind::Scripts)
    } else {
        None
    }
}
