//! Password hashes: argon2id, version 0x13, kept as PHC strings that carry their own parameters.
//! Knows nothing of accounts.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use rand::{CryptoRng, RngCore};

use super::identity::Error;

/// Memory of one hash, in KiB. With the two below: the OWASP password storage cheat sheet's first choice for argon2id.
pub const MEMORY_KIB: u32 = 19_456;
/// Passes over the memory.
pub const PASSES: u32 = 2;
/// Lanes.
pub const LANES: u32 = 1;
/// A longer password is refused before it is hashed, in bytes: hashing a megabyte is a way to tire the server.
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// A hash that no password opens: verified against when the account does not exist, so that both take the same time.
pub const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$cmVsYWlzLW5vYm9keS0wMQ$+v1hC0dHn3Nn6Yp0y8Jm2xw4h1mZyq0a8Zf3qf5m9bE";

/// The PHC string of a password (`$argon2id$v=19$m=19456,t=2,p=1$salt$hash`).
pub fn hash(password: &str, rng: &mut (impl RngCore + CryptoRng)) -> Result<String, Error> {
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(Error::Password);
    }
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| Error::Password)?;
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let salt = SaltString::generate(&mut *rng);
    let hash = hasher.hash_password(password.as_bytes(), &salt).map_err(|_| Error::Password)?;
    Ok(hash.to_string())
}

/// Whether the password is the one that was hashed; the hash's own parameters are used. A hash that cannot be read
/// opens to nothing.
pub fn verify(hash: &str, password: &str) -> bool {
    if password.len() > PASSWORD_BYTES_MAX {
        return false;
    }
    let Ok(parsed) = PasswordHash::new(hash) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    #[test]
    fn a_password_opens_its_own_hash_and_no_other() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let first = hash("relais-demo", &mut rng).unwrap();
        let second = hash("relais-demo", &mut rng).unwrap();
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_ne!(first, second, "every hash has its own salt");
        assert!(verify(&first, "relais-demo"));
        assert!(!verify(&first, "relais-Demo"));
        assert!(!verify(&first, ""));
    }

    #[test]
    fn nobodys_hash_is_well_formed_and_opens_to_nothing() {
        assert!(PasswordHash::new(NOBODY).is_ok());
        assert!(!verify(NOBODY, ""));
        assert!(!verify(NOBODY, "relais-demo"));
        assert!(!verify("not a hash", "relais-demo"));
    }

    #[test]
    fn an_endless_password_is_refused_before_it_is_hashed() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        assert!(hash(&"a".repeat(PASSWORD_BYTES_MAX + 1), &mut rng).is_err());
        assert!(!verify(NOBODY, &"a".repeat(PASSWORD_BYTES_MAX + 1)));
    }
}
