//! Access tokens: JWT signed with EdDSA (RFC 8037), profile of RFC 9068. The signing key is derived from the
//! key-encryption key, so that nodes which share that key share this one, and rotating the one rotates the other.

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::identity::{Error, KeyEncryptionKeys};
use super::secrets;
use crate::clock::Time;
use crate::id::Id;

const ISSUER: &str = "relais";
const AUDIENCE: &str = "relais-api";
const TOKEN_TYPE: &str = "at+jwt";
/// A clock may run this far behind the one that signed.
const SKEW_S: i64 = 30;

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Id,
    iat: i64,
    exp: i64,
    jti: Id,
}

pub struct Signer {
    kid: String,
    encoding: EncodingKey,
    decoding: Vec<(String, DecodingKey)>,
}

impl Signer {
    pub fn new(keys: &KeyEncryptionKeys) -> Result<Self, Error> {
        let mut decoding = Vec::new();
        let mut current = None;
        for seed in keys.derive_all("relais access token ed25519 v1")? {
            let signing = SigningKey::from_bytes(&seed);
            let public = signing.verifying_key().to_bytes();
            let kid = secrets::hash(&secrets::to_hex(&public))[..16].to_owned();
            decoding.push((kid.clone(), DecodingKey::from_ed_der(&public)));
            if current.is_none() {
                let der = signing.to_pkcs8_der().map_err(|_| Error::Sealed)?;
                current = Some((kid, EncodingKey::from_ed_der(der.as_bytes())));
            }
        }
        let (kid, encoding) = current.ok_or(Error::Sealed)?;
        Ok(Self { kid, encoding, decoding })
    }

    /// A token that names an account and nothing else: what the account may do is read at each request.
    pub fn sign(&self, account_id: Id, token_id: Id, now: Time, expires_at: Time) -> Result<String, Error> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: account_id,
            iat: now.instant().timestamp(),
            exp: expires_at.instant().timestamp(),
            jti: token_id,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TOKEN_TYPE.to_owned());
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, &claims, &self.encoding).map_err(|_| Error::Sealed)
    }

    /// The account of a token that we signed and that has not expired; `None` for anything else, without a reason.
    pub fn verify(&self, token: &str, now: Time) -> Option<Id> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TOKEN_TYPE) {
            return None;
        }
        let kid = header.kid?;
        let (_, key) = self.decoding.iter().find(|(known, _)| *known == kid)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        // The library would read the machine's clock; the instant is compared below with the one we are given.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation).ok()?.claims;
        let now_s = now.instant().timestamp();
        (claims.exp > now_s && claims.iat <= now_s + SKEW_S).then_some(claims.sub)
    }
}

/// Reads the file of the master key, or makes it, readable by its owner alone.
pub fn read_or_make_master_key(path: &std::path::Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    use std::io::Write;
    match std::fs::read(path) {
        Ok(bytes) => Ok(Zeroizing::new(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = Zeroizing::new(secrets::random_key().to_vec());
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(path)?;
            file.write_all(&key)?;
            file.sync_all()?;
            Ok(key)
        }
        Err(error) => Err(error),
    }
}
