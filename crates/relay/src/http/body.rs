//! A request's body, within its bound and its time.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use headwater_protocol::limits;
use http::StatusCode;

use super::error::Failure;

/// Reads a whole body of at most `max` bytes. A sender that takes for ever is told so and let go.
pub(crate) async fn read(body: Body, max: usize, way_out: &str) -> Result<Bytes, Failure> {
    let time = Duration::from_millis(limits::REQUEST_TIMEOUT);
    match tokio::time::timeout(time, to_bytes(body, max)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => {
            let message = format!("the body may have {max} bytes");
            Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message).hint(way_out))
        }
        Err(_) => {
            let message = format!("the body did not come within {} seconds", time.as_secs());
            Err(Failure::new(StatusCode::REQUEST_TIMEOUT, "timeout", message).hint("send it again"))
        }
    }
}
