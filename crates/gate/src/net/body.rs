//! The answer's body, up to its cap.

use reqwest::Response;

use super::error::NetError;

/// Reads the body, which arrives decompressed, and gives up at the first byte too many.
pub(super) async fn read(response: &mut Response, max_bytes: u64) -> Result<Vec<u8>, NetError> {
    let too_large = || NetError::BodyTooLarge { max_bytes };
    // Only known where nothing is compressed; saves reading what would be refused.
    if response.content_length().is_some_and(|length| length > max_bytes) {
        return Err(too_large());
    }
    let max = usize::try_from(max_bytes).unwrap_or(usize::MAX);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| NetError::from_transport(&error))? {
        if chunk.len() > max.saturating_sub(body.len()) {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
