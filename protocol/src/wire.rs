use serde::{Serialize, de::DeserializeOwned};

/// Why a message from outside was refused. Holds nothing of the message itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    #[error("message of {size} bytes, at most {limit} are taken")]
    TooLarge { size: usize, limit: usize },
    #[error("not a message of this protocol (line {line}, column {column})")]
    Malformed { line: usize, column: usize },
}

/// Reads one JSON message of at most `limit` bytes.
pub fn parse<T: DeserializeOwned>(bytes: &[u8], limit: usize) -> Result<T, WireError> {
    if bytes.len() > limit {
        return Err(WireError::TooLarge { size: bytes.len(), limit });
    }
    // serde_json's own message may quote the input, so only the place is kept.
    serde_json::from_slice(bytes).map_err(|e| WireError::Malformed { line: e.line(), column: e.column() })
}

/// Writes one message as JSON.
pub fn to_json<T: Serialize>(message: &T) -> String {
    serde_json::to_string(message).expect("messages have string keys and no failing serializers")
}
