//! Reads a fault from its text.

use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use super::{Delay, Fault, FaultKind, Share, Stall};

/// A text that describes no fault.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("fault `{fault}`: {rule}")]
pub struct BadFault {
    /// The whole text.
    pub fault: String,
    /// What it should have been.
    pub rule: String,
}

const KINDS: &str = "latency, stall, error, drop, error-page, garbage, truncate, truncate-chunked, \
                     slow-body, fail-jobs, hang-jobs";

impl FromStr for Fault {
    type Err = BadFault;

    fn from_str(text: &str) -> Result<Self, BadFault> {
        parse(text).map_err(|rule| BadFault {
            fault: text.to_owned(),
            rule,
        })
    }
}

fn parse(text: &str) -> Result<Fault, String> {
    let mut parts = text.split(',');
    let head = parts.next().unwrap_or_default().trim();
    let (word, value) = head
        .split_once('=')
        .ok_or_else(|| format!("must be KIND=VALUE with one of {KINDS}"))?;
    let (kind, mut share) = kind(word, value)?;
    let mut path = None;
    for option in parts {
        match option.trim().split_once('=') {
            Some(("path", prefix)) if prefix.starts_with('/') && !kind.is_of_jobs() => {
                path = Some(prefix.to_owned());
            }
            Some(("path", _)) if kind.is_of_jobs() => {
                return Err("`path` does not apply to jobs".to_owned());
            }
            Some(("path", prefix)) => {
                return Err(format!("`path` must begin with `/`, got `{prefix}`"));
            }
            Some(("share", value)) => {
                if !matches!(kind, FaultKind::Latency(_) | FaultKind::SlowBody { .. }) {
                    return Err("`share` goes with latency and slow-body only".to_owned());
                }
                share = self::share(value)?;
            }
            _ => {
                return Err(format!(
                    "options are `path=PREFIX` and `share=SHARE`, got `{option}`"
                ));
            }
        }
    }
    Ok(Fault {
        kind,
        share,
        path,
        text: text.to_owned(),
    })
}

fn kind(word: &str, value: &str) -> Result<(FaultKind, Share), String> {
    let shared = |kind| Ok((kind, share(value)?));
    match word {
        "latency" => Ok((FaultKind::Latency(delay(value)?), Share::All)),
        "stall" => Ok((FaultKind::Stall(stall(value)?), Share::All)),
        "error" => {
            let (share_text, status) = match value.split_once(':') {
                Some((share, status)) => (share, self::status(status)?),
                None => (value, 500),
            };
            Ok((FaultKind::Error { status }, share(share_text)?))
        }
        "drop" => shared(FaultKind::Drop),
        "error-page" => shared(FaultKind::ErrorPage),
        "garbage" => shared(FaultKind::Garbage),
        "truncate" => shared(FaultKind::Truncate),
        "truncate-chunked" => shared(FaultKind::TruncateChunked),
        "slow-body" => {
            let bytes_per_sec = rate(value)?;
            Ok((FaultKind::SlowBody { bytes_per_sec }, Share::All))
        }
        "fail-jobs" => shared(FaultKind::FailJobs),
        "hang-jobs" => shared(FaultKind::HangJobs),
        _ => Err(format!("unknown kind `{word}`: must be one of {KINDS}")),
    }
}

fn delay(text: &str) -> Result<Delay, String> {
    let Some((shape, values)) = text.split_once(':') else {
        return Ok(Delay::Fixed(duration(text)?));
    };
    match shape {
        "uniform" => {
            let (low, high) = values
                .split_once('-')
                .ok_or_else(|| format!("uniform needs two times, `10ms-30ms`, got `{values}`"))?;
            let (low, high) = (duration(low)?, duration(high)?);
            if low > high {
                return Err(format!("uniform must go upwards, got `{values}`"));
            }
            Ok(Delay::Uniform { low, high })
        }
        "exponential" => Ok(Delay::Exponential {
            mean: duration(values)?,
        }),
        "lognormal" => {
            let (median, sigma) = values.split_once(':').ok_or_else(|| {
                format!("lognormal needs a median and a sigma, `20ms:0.5`, got `{values}`")
            })?;
            let sigma = number(sigma).filter(|it| (0.0..=3.0).contains(it));
            Ok(Delay::LogNormal {
                median: duration(median)?,
                sigma: sigma.ok_or_else(|| format!("sigma must be from 0 to 3, got `{values}`"))?,
            })
        }
        _ => Err(format!(
            "latency must be a time, uniform:…, exponential:… or lognormal:…, got `{text}`"
        )),
    }
}

fn stall(text: &str) -> Result<Stall, String> {
    let rule = || format!("stall must be LENGTH@BEGIN or LENGTH/PERIOD, got `{text}`");
    if let Some((length, begin)) = text.split_once('@') {
        return Ok(Stall::Once {
            length: duration(length)?,
            begin: duration(begin)?,
        });
    }
    let (length, period) = text.split_once('/').ok_or_else(rule)?;
    let (length, period) = (duration(length)?, duration(period)?);
    if length >= period {
        return Err(format!(
            "a stall must be shorter than its period, got `{text}`"
        ));
    }
    Ok(Stall::Every { length, period })
}

fn share(text: &str) -> Result<Share, String> {
    let rule = || format!("a share must be `1/50` or `1%`, got `{text}`");
    if let Some(n) = text.strip_prefix("1/") {
        let n: u64 = n.parse().map_err(|_| rule())?;
        return if n >= 1 {
            Ok(Share::EveryNth(n))
        } else {
            Err(rule())
        };
    }
    let percent = text.strip_suffix('%').and_then(number);
    let percent = percent.filter(|it| *it > 0.0 && *it <= 100.0);
    Ok(Share::Random(percent.ok_or_else(rule)? / 100.0))
}

fn status(text: &str) -> Result<u16, String> {
    let status = text.parse().ok().filter(|it| (400..=599).contains(it));
    status.ok_or_else(|| format!("the status must be from 400 to 599, got `{text}`"))
}

fn duration(text: &str) -> Result<Duration, String> {
    const LONGEST_SECONDS: f64 = 3600.0;
    let units = [("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0)];
    let unit = units.iter().find(|(unit, _)| text.ends_with(unit));
    let seconds = unit
        .and_then(|(unit, factor)| number(text.trim_end_matches(unit)).map(|value| value * factor));
    match seconds {
        Some(seconds) if (0.0..=LONGEST_SECONDS).contains(&seconds) => {
            Ok(common::units::seconds(seconds))
        }
        _ => Err(format!(
            "a time must be a number with us, ms or s, up to an hour, got `{text}`"
        )),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let units = [("MB/s", 1e6), ("kB/s", 1e3), ("B/s", 1.0)];
    let unit = units.iter().find(|(unit, _)| text.ends_with(unit));
    let rate = unit
        .and_then(|(unit, factor)| number(text.trim_end_matches(unit)).map(|value| value * factor));
    rate.filter(|it| (1.0..=1e10).contains(it))
        .ok_or_else(|| format!("a rate must be a number with B/s, kB/s or MB/s, got `{text}`"))
}

/// A plain decimal number: no sign, exponent, infinity or NaN.
fn number(text: &str) -> Option<f64> {
    let plain = !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit() || it == b'.');
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_and_written_back() {
        let ms = Duration::from_millis;
        for (text, kind, share, path) in [
            (
                "latency=50ms",
                FaultKind::Latency(Delay::Fixed(ms(50))),
                Share::All,
                None,
            ),
            (
                "latency=lognormal:20ms:0.5,share=1/2,path=/api",
                FaultKind::Latency(Delay::LogNormal {
                    median: ms(20),
                    sigma: 0.5,
                }),
                Share::EveryNth(2),
                Some("/api"),
            ),
            (
                "latency=uniform:10ms-30ms",
                FaultKind::Latency(Delay::Uniform {
                    low: ms(10),
                    high: ms(30),
                }),
                Share::All,
                None,
            ),
            (
                "stall=2s@10s",
                FaultKind::Stall(Stall::Once {
                    length: ms(2000),
                    begin: ms(10_000),
                }),
                Share::All,
                None,
            ),
            (
                "error=1%:503",
                FaultKind::Error { status: 503 },
                Share::Random(0.01),
                None,
            ),
            (
                "error=1/100,path=/api/v1/catalog",
                FaultKind::Error { status: 500 },
                Share::EveryNth(100),
                Some("/api/v1/catalog"),
            ),
            (
                "slow-body=10kB/s",
                FaultKind::SlowBody {
                    bytes_per_sec: 10_000.0,
                },
                Share::All,
                None,
            ),
            (
                "hang-jobs=1/10",
                FaultKind::HangJobs,
                Share::EveryNth(10),
                None,
            ),
        ] {
            let fault: Fault = text.parse().unwrap();
            assert_eq!(
                (&fault.kind, fault.share, fault.path.as_deref()),
                (&kind, share, path),
                "{text}"
            );
            assert_eq!(fault.to_string(), text);
        }
    }

    #[test]
    fn a_wrong_fault_is_told_what_is_wrong() {
        for (text, part) in [
            ("latency", "must be KIND=VALUE"),
            ("lateness=1ms", "unknown kind `lateness`"),
            ("latency=50", "a time must be a number with us, ms or s"),
            ("latency=-5ms", "a time must be"),
            ("latency=NaNms", "a time must be"),
            ("latency=normal:5ms", "uniform:…, exponential:…"),
            ("latency=uniform:30ms-10ms", "must go upwards"),
            ("latency=lognormal:20ms:9", "sigma must be from 0 to 3"),
            ("stall=2s", "LENGTH@BEGIN or LENGTH/PERIOD"),
            ("stall=20s/2s", "shorter than its period"),
            ("error=1", "`1/50` or `1%`"),
            ("error=0%", "`1/50` or `1%`"),
            ("drop=1/0", "`1/50` or `1%`"),
            ("error=1%:200", "from 400 to 599"),
            ("slow-body=10", "B/s, kB/s or MB/s"),
            ("drop=1/2,path=api", "must begin with `/`"),
            ("drop=1/2,share=1%", "latency and slow-body only"),
            ("fail-jobs=1/2,path=/api", "does not apply to jobs"),
            ("drop=1/2,when=now", "options are"),
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
            assert!(error.starts_with(&format!("fault `{text}`: ")), "{error}");
        }
    }
}
