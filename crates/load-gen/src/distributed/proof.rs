//! The token that a master and its workers share, and how each proves to the other that it knows it without
//! telling it.

use common::record::Bytes;
use common::redact::Secret;
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};

/// Shorter tokens could be found by trying.
const SHORTEST: usize = 16;

/// The token. It shows itself nowhere.
#[derive(Debug, Clone)]
pub(super) struct Token(Secret);

impl Token {
    /// Takes a token; the error is the rule that it breaks.
    pub(super) fn new(secret: Secret) -> Result<Self, String> {
        if secret.expose().chars().count() < SHORTEST {
            return Err(format!("a token must have at least {SHORTEST} characters"));
        }
        Ok(Self(secret))
    }

    /// The proof that somebody knows the token, for numbers that were never used before.
    pub(super) fn proof(&self, side: Side, occasion: &[&[u8]]) -> Bytes {
        Bytes(
            hmac::sign(&self.key(), &text(side, occasion))
                .as_ref()
                .to_vec(),
        )
    }

    /// Whether a proof is right; takes the same time for every wrong one.
    pub(super) fn accepts(&self, side: Side, occasion: &[&[u8]], proof: &Bytes) -> bool {
        hmac::verify(&self.key(), &text(side, occasion), &proof.0).is_ok()
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.0.expose().as_bytes())
    }
}

/// Whose proof it is, so that none can be sent back to the one it came from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    Master,
    Worker,
}

/// What is signed: each piece with its length, so that none runs into the next.
fn text(side: Side, occasion: &[&[u8]]) -> Vec<u8> {
    let mut text = match side {
        Side::Master => b"load-gen master 1".to_vec(),
        Side::Worker => b"load-gen worker 1".to_vec(),
    };
    for piece in occasion {
        text.extend(common::units::size_u64(piece.len()).to_be_bytes());
        text.extend(*piece);
    }
    text
}

/// Random bytes that nobody can foresee.
pub(super) fn nonce() -> std::io::Result<Bytes> {
    let mut bytes = vec![0; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| std::io::Error::other("the system gives no random bytes"))?;
    Ok(Bytes(bytes))
}

/// A random number that stands for a process or a run.
pub(super) fn random_id() -> std::io::Result<u64> {
    let bytes = nonce()?.0;
    Ok(bytes
        .iter()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Token {
        Token::new(Secret::new(text)).unwrap()
    }

    #[test]
    fn a_proof_holds_for_one_token_side_and_occasion_only() {
        let ours = token("0123456789abcdef");
        let proof = ours.proof(Side::Worker, &[b"ab", b"c"]);
        assert!(ours.accepts(Side::Worker, &[b"ab", b"c"], &proof));
        assert!(!ours.accepts(Side::Master, &[b"ab", b"c"], &proof));
        assert!(!ours.accepts(Side::Worker, &[b"a", b"bc"], &proof));
        assert!(!token("0123456789abcdeF").accepts(Side::Worker, &[b"ab", b"c"], &proof));
        assert!(!ours.accepts(Side::Worker, &[b"ab", b"c"], &Bytes(Vec::new())));
        assert!(!format!("{ours:?}").contains("0123"));
    }

    #[test]
    fn a_short_token_is_refused() {
        let error = Token::new(Secret::new("secret")).unwrap_err();
        assert_eq!(error, "a token must have at least 16 characters");
    }
}
