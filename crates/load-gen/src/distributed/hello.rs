//! How a worker and a master get to know each other: versions, then mutual proof of the token.

use std::time::Duration;

use common::record::Bytes;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::message::PROTOCOL;
use super::proof::{Side, Token, nonce};
use super::wire::{self, LONGEST_OF_STRANGERS, WireError};

/// Everybody has this long to say who they are.
const PATIENCE: Duration = Duration::from_secs(5);

/// The first of all words, so that others who knock are known at once.
const WORD: &str = "load-gen worker";

/// What a worker says first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hello {
    word: String,
    protocol: u32,
    version: String,
    /// The name in reports.
    pub(super) name: String,
    /// A number of its process: the same after a lost connection, another one after a restart.
    pub(super) session: u64,
    /// The run that it has or had, if any.
    pub(super) run: Option<u64>,
    nonce: Bytes,
}

#[derive(Debug, Serialize, Deserialize)]
enum Greeting {
    Challenge {
        protocol: u32,
        version: String,
        asks_for_token: bool,
        nonce: Bytes,
    },
    Refused(String),
}

#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    proof: Option<Bytes>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Verdict {
    Welcome { proof: Option<Bytes> },
    Refused(String),
}

/// Why a connection does not come about.
#[derive(Debug, thiserror::Error)]
pub(super) enum HelloError {
    /// One of both does not want the other; trying again does not help.
    #[error("{0}")]
    Refused(String),
    /// What came is no greeting, or nothing came.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// Nothing came for too long.
    #[error("nothing was heard for {} s", PATIENCE.as_secs())]
    Silence,
}

/// The worker's side: who it is.
#[derive(Debug, Clone)]
pub(super) struct Introduction<'a> {
    pub(super) name: &'a str,
    pub(super) session: u64,
    pub(super) run: Option<u64>,
    pub(super) token: Option<&'a Token>,
}

/// Introduces a worker to its master.
pub(super) async fn introduce(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    who: Introduction<'_>,
) -> Result<(), HelloError> {
    timeout(PATIENCE, introduce_unlimited(stream, who))
        .await
        .unwrap_or(Err(HelloError::Silence))
}

async fn introduce_unlimited(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    who: Introduction<'_>,
) -> Result<(), HelloError> {
    let hello = Hello {
        word: WORD.to_owned(),
        protocol: PROTOCOL,
        version: version(),
        name: who.name.to_owned(),
        session: who.session,
        run: who.run,
        nonce: nonce().map_err(WireError::Io)?,
    };
    wire::send(stream, &hello).await?;
    let theirs = match wire::receive(stream, LONGEST_OF_STRANGERS).await? {
        Greeting::Refused(reason) => return Err(HelloError::Refused(reason)),
        Greeting::Challenge {
            protocol,
            version,
            asks_for_token,
            nonce,
        } => {
            check_version("master", protocol, &version)?;
            check_tokens(who.token.is_some(), asks_for_token)?;
            nonce
        }
    };
    let occasion = [&hello.nonce.0[..], &theirs.0, hello.name.as_bytes()];
    let proof = who.token.map(|it| it.proof(Side::Worker, &occasion));
    wire::send(stream, &Answer { proof }).await?;
    match wire::receive(stream, LONGEST_OF_STRANGERS).await? {
        Verdict::Refused(reason) => Err(HelloError::Refused(reason)),
        Verdict::Welcome { proof } => {
            let holds = who.token.is_none_or(|token| {
                proof.is_some_and(|it| token.accepts(Side::Master, &occasion, &it))
            });
            let wrong = "the master does not know the token of this worker";
            holds.then_some(()).ok_or_else(|| refused(wrong))
        }
    }
}

/// Gets to know a worker, or tells it why not.
pub(super) async fn welcome(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    token: Option<&Token>,
) -> Result<Hello, HelloError> {
    timeout(PATIENCE, welcome_unlimited(stream, token))
        .await
        .unwrap_or(Err(HelloError::Silence))
}

async fn welcome_unlimited(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    token: Option<&Token>,
) -> Result<Hello, HelloError> {
    let hello: Hello = wire::receive(stream, LONGEST_OF_STRANGERS).await?;
    if hello.word != WORD {
        return Err(refused("no worker knocked"));
    }
    if let Err(error) = check_version("worker", hello.protocol, &hello.version) {
        wire::send(stream, &Greeting::Refused(error.to_string())).await?;
        return Err(error);
    }
    let ours = nonce().map_err(WireError::Io)?;
    let challenge = Greeting::Challenge {
        protocol: PROTOCOL,
        version: version(),
        asks_for_token: token.is_some(),
        nonce: ours.clone(),
    };
    wire::send(stream, &challenge).await?;
    let answer: Answer = wire::receive(stream, LONGEST_OF_STRANGERS).await?;
    let occasion = [&hello.nonce.0[..], &ours.0, hello.name.as_bytes()];
    let holds = token.is_none_or(|token| {
        let proof = answer.proof.as_ref();
        proof.is_some_and(|it| token.accepts(Side::Worker, &occasion, it))
    });
    if !holds {
        let reason = "the token of the worker is not that of the master";
        wire::send(stream, &Verdict::Refused(reason.to_owned())).await?;
        return Err(refused(reason));
    }
    let proof = token.map(|it| it.proof(Side::Master, &occasion));
    wire::send(stream, &Verdict::Welcome { proof }).await?;
    Ok(hello)
}

fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

fn refused(reason: impl Into<String>) -> HelloError {
    HelloError::Refused(reason.into())
}

fn check_version(who: &str, protocol: u32, theirs: &str) -> Result<(), HelloError> {
    let ours = version();
    if protocol == PROTOCOL && theirs == ours {
        return Ok(());
    }
    Err(refused(format!(
        "the {who} is load-gen {theirs} (protocol {protocol}), this is {ours} (protocol {PROTOCOL}): \
         use the same version on both"
    )))
}

fn check_tokens(ours: bool, theirs: bool) -> Result<(), HelloError> {
    match (ours, theirs) {
        (false, true) => Err(refused(
            "the master asks for a token: give it in `--worker-token-file` or LOAD_GEN_TOKEN",
        )),
        (true, false) => Err(refused(
            "this worker has a token, but the master has none and cannot prove who it is",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use common::redact::Secret;
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    fn token(text: &str) -> Token {
        Token::new(Secret::new(text)).unwrap()
    }

    /// What both sides say of each other.
    async fn meet(worker: Option<Token>, master: Option<Token>) -> (String, String) {
        let (mut here, mut there) = tokio::io::duplex(1 << 16);
        let who = Introduction {
            name: "w1",
            session: 5,
            run: None,
            token: worker.as_ref(),
        };
        let knock = async move { introduce(&mut here, who).await };
        let open = async move { welcome(&mut there, master.as_ref()).await };
        let (a, b) = tokio::join!(knock, open);
        let a = a.map_or_else(|error| error.to_string(), |()| "ok".to_owned());
        let b = b.map_or_else(|error| error.to_string(), |it| it.name);
        (a, b)
    }

    #[tokio::test(start_paused = true)]
    async fn those_with_the_same_token_or_none_meet() {
        let ours = || Some(token("0123456789abcdef"));
        let fine = ("ok".to_owned(), "w1".to_owned());
        assert_eq!(meet(None, None).await, fine);
        assert_eq!(meet(ours(), ours()).await, fine);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wrong_or_missing_token_is_told_to_both() {
        let ours = || Some(token("0123456789abcdef"));
        let (worker, master) = meet(Some(token("fedcba9876543210")), ours()).await;
        assert_eq!(worker, "the token of the worker is not that of the master");
        assert_eq!(master, worker);
        let (worker, _) = meet(None, ours()).await;
        assert!(worker.contains("the master asks for a token"), "{worker}");
        let (worker, _) = meet(ours(), None).await;
        assert!(worker.contains("the master has none"), "{worker}");
    }

    #[tokio::test(start_paused = true)]
    async fn another_version_is_refused_with_both_named() {
        let (mut here, mut there) = tokio::io::duplex(1 << 16);
        let old = Hello {
            word: WORD.to_owned(),
            protocol: 0,
            version: "0.0.1".to_owned(),
            name: "old".to_owned(),
            session: 1,
            run: None,
            nonce: nonce().unwrap(),
        };
        wire::send(&mut here, &old).await.unwrap();
        let error = welcome(&mut there, None).await.unwrap_err().to_string();
        assert!(error.contains("load-gen 0.0.1 (protocol 0)"), "{error}");
        let Greeting::Refused(told) = wire::receive(&mut here, 4096).await.unwrap() else {
            panic!("it was not refused");
        };
        assert_eq!(told, error);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_and_noise_end_a_greeting() {
        let (here, mut there) = tokio::io::duplex(1 << 16);
        let silent = welcome(&mut there, None).await;
        assert!(matches!(silent, Err(HelloError::Silence)), "{silent:?}");
        drop(here);
        let (mut here, mut there) = tokio::io::duplex(1 << 16);
        here.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let noise = welcome(&mut there, None).await;
        let long = Err(HelloError::Wire(WireError::TooLong {
            length: 0x4745_5420,
            limit: LONGEST_OF_STRANGERS,
        }));
        assert_eq!(format!("{noise:?}"), format!("{:?}", long.map(|(): ()| ())));
    }
}
