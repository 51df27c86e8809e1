use std::fmt;
use std::path::Path;
use subtle::ConstantTimeEq;

/// A key or a password of the deployment. It prints as an ellipsis and compares in constant time.
#[derive(Clone)]
pub struct Secret(String);

#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("{0} cannot be read: {1}")]
    File(String, std::io::Error),
    #[error("a secret needs at least 16 characters")]
    TooShort,
}

impl Secret {
    pub fn new(text: impl Into<String>) -> Result<Secret, SecretError> {
        let text = text.into();
        if text.len() < 16 { Err(SecretError::TooShort) } else { Ok(Secret(text)) }
    }

    /// From a file that holds nothing else; white space around it does not count.
    pub fn from_file(path: &Path) -> Result<Secret, SecretError> {
        let text = std::fs::read_to_string(path).map_err(|e| SecretError::File(path.display().to_string(), e))?;
        Secret::new(text.trim())
    }

    /// 256 random bits, in hexadecimal.
    pub fn random() -> Secret {
        Secret(rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether a stranger's text is this secret; takes the same time whatever it is.
    pub fn matches(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// For command-line parsers: a secret comes by environment, never by flag.
impl std::str::FromStr for Secret {
    type Err = SecretError;
    fn from_str(text: &str) -> Result<Secret, SecretError> {
        Secret::new(text)
    }
}
