//! Passwords, as argon2id hashes.

use anyhow::{Context, Result};
use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use tokio::sync::{OnceCell, Semaphore};

/// Each hash takes 19 MB and some 20 ms of a core; more than these at once would be a way to bring the machine down.
const AT_ONCE: usize = 2;
/// Longer ones are not passwords (bytes).
pub(crate) const LONGEST: usize = 256;

/// Makes and checks hashes.
pub(crate) struct Passwords {
    places: Semaphore,
    /// Checked for people who do not exist, so that they take as long as those who do.
    nobodys: OnceCell<String>,
}

impl Default for Passwords {
    fn default() -> Self {
        Passwords { places: Semaphore::new(AT_ONCE), nobodys: OnceCell::new() }
    }
}

impl Passwords {
    pub(crate) async fn hash(&self, password: String) -> Result<String> {
        let _place = self.places.acquire().await?;
        let hash = tokio::task::spawn_blocking(move || {
            let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>())?;
            Ok::<_, argon2::password_hash::Error>(
                Argon2::default().hash_password(password.as_bytes(), &salt)?.to_string(),
            )
        });
        hash.await?.ok().context("the password cannot be hashed")
    }

    /// Whether the password is the hash's. Without a hash it takes as long, and is not.
    pub(crate) async fn is_right(&self, hash: Option<String>, password: String) -> Result<bool> {
        let known = hash.is_some();
        let hash = match hash {
            Some(hash) => hash,
            None => self.nobodys.get_or_try_init(|| self.hash("nobody's".into())).await?.clone(),
        };
        let _place = self.places.acquire().await?;
        let check = move || {
            PasswordHash::new(&hash)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        };
        Ok(tokio::task::spawn_blocking(check).await? && known)
    }
}

/// At least so many characters, so many of them different.
const SHORTEST: usize = 12;
const DIFFERENT: usize = 5;

/// Whether it may be somebody's password who is known by `names` (NIST SP 800-63B §3.1.1.2: length, and nothing that is known of them).
pub(crate) fn is_strong(password: &str, names: &[&str]) -> bool {
    let different: std::collections::HashSet<char> = password.chars().collect();
    let is_known = names.iter().any(|name| password.to_lowercase().trim() == name.to_lowercase());
    password.len() <= LONGEST && password.chars().count() >= SHORTEST && different.len() >= DIFFERENT && !is_known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_refused() {
        let weak = ["", "short", "aaaaaaaaaaaaaaaa", "abababababab", "Ana@Acme.Example"];
        for password in weak.into_iter().chain([&*"long and longer ".repeat(20)]) {
            assert!(!is_strong(password, &["ana@acme.example", "Ana"]), "{password}");
        }
        assert!(is_strong("a quiet harbour", &["ana@acme.example", "Ana"]));
        assert!(is_strong("ein Zaun aus Öl", &[]));
    }
}
