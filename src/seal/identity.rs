//! Sealing of what names a family: AES-256-GCM with one data key a family, wrapped by a key-encryption key.
//! Knows bytes and the place they belong to (family, table, column, key version), so that a sealed value moved to
//! another row or column does not open. It does not know where keys are kept.

use std::collections::BTreeMap;

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use crate::id::Id;

/// Length of every key, in bytes.
pub const KEY_BYTES: usize = 32;
/// Length of the nonce in front of every sealed value, in bytes.
const NONCE_BYTES: usize = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the password cannot be hashed")]
    Password,
    #[error("a key must be {KEY_BYTES} bytes, raw or in base64")]
    KeyFormat,
    #[error("the key-encryption key of version {0} is not known")]
    KeyVersion(i32),
    /// Wrong key, wrong place or changed bytes: which of them is not told.
    #[error("the sealed value does not open")]
    Sealed,
}

/// The key-encryption keys by version: the current one wraps the keys of families, those before it still open them.
#[derive(Clone)]
pub struct KeyEncryptionKeys {
    current: i32,
    keys: BTreeMap<i32, Zeroizing<[u8; KEY_BYTES]>>,
}

impl std::fmt::Debug for KeyEncryptionKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyEncryptionKeys(current: {}, versions: {:?})", self.current, self.keys.keys())
    }
}

impl KeyEncryptionKeys {
    pub fn new(version: i32, key: [u8; KEY_BYTES]) -> Self {
        Self { current: version, keys: BTreeMap::from([(version, Zeroizing::new(key))]) }
    }
    /// From the bytes of a key file or an environment variable: 32 raw bytes, or their base64.
    pub fn parse(version: i32, bytes: &[u8]) -> Result<Self, Error> {
        if let Ok(raw) = <[u8; KEY_BYTES]>::try_from(bytes) {
            return Ok(Self::new(version, raw));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Error::KeyFormat)?;
        let decoded = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| Error::KeyFormat)?);
        let raw = <[u8; KEY_BYTES]>::try_from(decoded.as_slice()).map_err(|_| Error::KeyFormat)?;
        Ok(Self::new(version, raw))
    }
    /// Adds the key that was current before: rotation wraps with the new one and still opens the old.
    #[must_use]
    pub fn with_previous(mut self, other: Self) -> Self {
        for (version, key) in other.keys {
            self.keys.entry(version).or_insert(key);
        }
        self
    }
    /// Another key for another use, from each key-encryption key (HKDF-SHA-256, RFC 5869), the current one first.
    pub fn derive_all(&self, purpose: &str) -> Result<Vec<Zeroizing<[u8; KEY_BYTES]>>, Error> {
        let derive = |key: &[u8; KEY_BYTES]| {
            let mut derived = Zeroizing::new([0u8; KEY_BYTES]);
            let stretched = hkdf::Hkdf::<sha2::Sha256>::new(None, key);
            stretched.expand(purpose.as_bytes(), derived.as_mut()).map_err(|_| Error::KeyFormat)?;
            Ok(derived)
        };
        let others = self.keys.keys().rev().filter(|version| **version != self.current);
        std::iter::once(&self.current).chain(others).map(|version| derive(self.get(*version)?)).collect()
    }
    fn get(&self, version: i32) -> Result<&[u8; KEY_BYTES], Error> {
        self.keys.get(&version).map(|key| &**key).ok_or(Error::KeyVersion(version))
    }
}

/// The key of one family. It is never stored in clear and never printed.
pub struct DataKey(Zeroizing<[u8; KEY_BYTES]>);

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey(..)")
    }
}

/// A data key as it is kept: wrapped by the key-encryption key of that version, in base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    pub wrapped_by_version: i32,
    pub wrapped: String,
}

impl DataKey {
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut key = Zeroizing::new([0u8; KEY_BYTES]);
        rng.fill_bytes(key.as_mut());
        Self(key)
    }
    pub fn wrap(
        &self,
        keys: &KeyEncryptionKeys,
        family_id: Id,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<WrappedKey, Error> {
        let wrapped = encrypt(keys.get(keys.current)?, &wrapping_data(family_id, keys.current), &*self.0, rng)?;
        Ok(WrappedKey { wrapped_by_version: keys.current, wrapped })
    }
    pub fn unwrap_from(wrapped: &WrappedKey, keys: &KeyEncryptionKeys, family_id: Id) -> Result<Self, Error> {
        let version = wrapped.wrapped_by_version;
        let bytes = decrypt(keys.get(version)?, &wrapping_data(family_id, version), &wrapped.wrapped)?;
        let key = <[u8; KEY_BYTES]>::try_from(bytes.as_slice()).map_err(|_| Error::Sealed)?;
        Ok(Self(Zeroizing::new(key)))
    }
}

/// Where a sealed value lives: its associated data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    pub family_id: Id,
    pub table: &'a str,
    pub column: &'a str,
    pub key_version: i32,
}

/// Seals bytes for one place: base64 of nonce and ciphertext with its tag.
pub fn seal(
    key: &DataKey,
    place: Place<'_>,
    plain: &[u8],
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<String, Error> {
    encrypt(&key.0, &place_data(place), plain, rng)
}

/// Opens what was sealed for the same place with the same key.
pub fn open(key: &DataKey, place: Place<'_>, sealed: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    decrypt(&key.0, &place_data(place), sealed)
}

fn encrypt(
    key: &[u8; KEY_BYTES],
    associated: &[u8],
    plain: &[u8],
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<String, Error> {
    let mut nonce = [0u8; NONCE_BYTES];
    rng.fill_bytes(&mut nonce);
    let cipher = Aes256Gcm::new(key.into());
    let payload = Payload { msg: plain, aad: associated };
    let body = cipher.encrypt(&nonce.into(), payload).map_err(|_| Error::Sealed)?;
    Ok(STANDARD.encode([nonce.as_slice(), body.as_slice()].concat()))
}

fn decrypt(key: &[u8; KEY_BYTES], associated: &[u8], sealed: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let bytes = STANDARD.decode(sealed).map_err(|_| Error::Sealed)?;
    let (nonce, body) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(Error::Sealed)?;
    let cipher = Aes256Gcm::new(key.into());
    let payload = Payload { msg: body, aad: associated };
    cipher.decrypt(nonce.into(), payload).map(Zeroizing::new).map_err(|_| Error::Sealed)
}

/// Every part with its length in front, so that no two places spell the same bytes.
fn spell(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

fn place_data(place: Place<'_>) -> Vec<u8> {
    let version = place.key_version.to_be_bytes();
    spell(&[b"relais-value-1", place.family_id.0.as_bytes(), place.table.as_bytes(), place.column.as_bytes(), &version])
}

fn wrapping_data(family_id: Id, version: i32) -> Vec<u8> {
    spell(&[b"relais-key-1", family_id.0.as_bytes(), &version.to_be_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    fn place(family: &str, column: &'static str) -> Place<'static> {
        Place { family_id: Id::from_words(&[family]), table: "identity", column, key_version: 1 }
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_in_its_place_only(plain in proptest::collection::vec(any::<u8>(), 0..200), seed: u64) {
            let mut rng = ChaCha20Rng::seed_from_u64(seed);
            let key = DataKey::generate(&mut rng);
            let sealed = seal(&key, place("a", "sealed"), &plain, &mut rng).unwrap();
            let opened = open(&key, place("a", "sealed"), &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), plain.as_slice());
            prop_assert!(open(&key, place("b", "sealed"), &sealed).is_err());
            prop_assert!(open(&key, place("a", "other"), &sealed).is_err());
            let later = Place { key_version: 2, ..place("a", "sealed") };
            prop_assert!(open(&key, later, &sealed).is_err());
            prop_assert!(open(&DataKey::generate(&mut rng), place("a", "sealed"), &sealed).is_err());
        }

        #[test]
        fn a_changed_byte_never_opens(position in 0usize..40, seed: u64) {
            let mut rng = ChaCha20Rng::seed_from_u64(seed);
            let key = DataKey::generate(&mut rng);
            let sealed = seal(&key, place("a", "sealed"), b"Marie-Soleil", &mut rng).unwrap();
            let mut bytes = STANDARD.decode(&sealed).unwrap();
            let position = position % bytes.len();
            bytes[position] ^= 1;
            prop_assert_eq!(open(&key, place("a", "sealed"), &STANDARD.encode(bytes)), Err(Error::Sealed));
        }
    }

    #[test]
    fn a_wrapped_key_comes_back_for_its_family_only_and_survives_rotation() {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let (family, stranger) = (Id::from_words(&["a"]), Id::from_words(&["b"]));
        let old = KeyEncryptionKeys::new(1, [1; KEY_BYTES]);
        let key = DataKey::generate(&mut rng);
        let wrapped = key.wrap(&old, family, &mut rng).unwrap();
        assert_eq!(*DataKey::unwrap_from(&wrapped, &old, family).unwrap().0, *key.0);
        assert!(DataKey::unwrap_from(&wrapped, &old, stranger).is_err());
        let new = KeyEncryptionKeys::new(2, [2; KEY_BYTES]);
        assert_eq!(DataKey::unwrap_from(&wrapped, &new, family).unwrap_err(), Error::KeyVersion(1));
        let both = new.with_previous(old);
        assert_eq!(*DataKey::unwrap_from(&wrapped, &both, family).unwrap().0, *key.0);
        assert_eq!(key.wrap(&both, family, &mut rng).unwrap().wrapped_by_version, 2);
    }

    #[test]
    fn a_key_comes_raw_or_in_base64_and_nothing_else() {
        assert!(KeyEncryptionKeys::parse(1, &[9; KEY_BYTES]).is_ok());
        assert!(KeyEncryptionKeys::parse(1, format!("{}\n", STANDARD.encode([9; KEY_BYTES])).as_bytes()).is_ok());
        assert_eq!(KeyEncryptionKeys::parse(1, b"short").unwrap_err(), Error::KeyFormat);
        assert_eq!(KeyEncryptionKeys::parse(1, &[0xff; 31]).unwrap_err(), Error::KeyFormat);
    }

    #[test]
    fn keys_are_never_printed() {
        let keys = KeyEncryptionKeys::new(1, [0xab; KEY_BYTES]);
        assert_eq!(format!("{keys:?}"), "KeyEncryptionKeys(current: 1, versions: [1])");
    }
}
