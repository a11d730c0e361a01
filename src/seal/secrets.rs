//! Bearer secrets: link tokens (128 bits), refresh tokens (256 bits), six-digit codes. The holder gets the secret
//! once; what is stored is its SHA-256, which is enough for a secret that chance alone made.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::rngs::OsRng;
use rand::{Rng, RngCore};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Chance in the token of a link sent by mail, in bits.
pub const LINK_BITS: usize = 128;
/// Chance in a refresh token, in bits.
pub const REFRESH_BITS: usize = 256;
/// A presented token longer than this is not looked at, in characters.
pub const TOKEN_LENGTH_MAX: usize = 64;

/// A new token of so many bits, in URL-safe base64 without padding, and the hash to keep.
pub fn new_token(bits: usize) -> (SecretString, String) {
    let mut bytes = zeroize::Zeroizing::new(vec![0u8; bits.div_ceil(8)]);
    OsRng.fill_bytes(&mut bytes);
    let token = URL_SAFE_NO_PAD.encode(bytes.as_slice());
    let kept = hash(&token);
    (SecretString::from(token), kept)
}

/// A key of 256 bits from the machine's source of chance.
pub fn random_key() -> zeroize::Zeroizing<[u8; 32]> {
    let mut key = zeroize::Zeroizing::new([0u8; 32]);
    OsRng.fill_bytes(key.as_mut());
    key
}

/// What is stored of a token: SHA-256, in lower-case hexadecimal (64 characters).
pub fn hash(token: &str) -> String {
    to_hex(&Sha256::digest(token.as_bytes()))
}

/// A new code of six digits, each value as likely as another.
pub fn new_code() -> SecretString {
    SecretString::from(format!("{:06}", OsRng.gen_range(0..1_000_000u32)))
}

/// What is stored of a code. A million values are soon tried, so the hash is bound to what the code opens and the
/// code itself lives for minutes and few attempts: the hash only keeps it out of plain sight.
pub fn hash_code(bound_to: &str, code: &str) -> String {
    hash(&format!("{bound_to}:{code}"))
}

/// Equality of two stored hashes in a time that does not tell where they differ.
pub fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

pub(super) fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_token_carries_its_bits_and_hides_in_debug() {
        let (token, kept) = new_token(LINK_BITS);
        assert_eq!(token.expose_secret().len(), 22, "16 bytes in base64");
        assert_eq!(kept, hash(token.expose_secret()));
        assert_eq!(kept.len(), 64);
        assert!(!format!("{token:?}").contains(token.expose_secret()));
        let (longer, _) = new_token(REFRESH_BITS);
        assert_eq!(longer.expose_secret().len(), 43, "32 bytes in base64");
        assert!(longer.expose_secret().len() <= TOKEN_LENGTH_MAX);
    }

    #[test]
    fn two_tokens_differ_and_hashes_compare() {
        let (one, other) = (new_token(LINK_BITS).1, new_token(LINK_BITS).1);
        assert!(!same(&one, &other));
        assert!(same(&one, &one.clone()));
        assert!(!same(&one, ""));
    }

    #[test]
    fn a_code_has_six_digits_and_its_hash_belongs_to_one_link() {
        for _ in 0..100 {
            let code = new_code();
            assert_eq!(code.expose_secret().len(), 6);
            assert!(code.expose_secret().bytes().all(|byte| byte.is_ascii_digit()));
        }
        assert_ne!(hash_code("a", "123456"), hash_code("b", "123456"));
    }

    #[test]
    fn the_hash_is_sha256() {
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
