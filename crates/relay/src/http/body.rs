//! Reads a request's body within a limit of bytes and of time.

use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::Bytes;
use headwater_protocol::limits;
use http::StatusCode;

use super::error::IngestionFailure;

/// Reads a whole body of at most `max` bytes. A larger body is 413 with `way_out` as the hint; one that does not arrive
/// within [`limits::REQUEST_TIMEOUT`] is 408, so that a slow sender cannot hold a connection for ever.
pub(crate) async fn read(body: Body, max: usize, way_out: &str) -> Result<Bytes, IngestionFailure> {
    let time = Duration::from_millis(limits::REQUEST_TIMEOUT);
    match tokio::time::timeout(time, whole(body, max)).await {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => {
            let message = format!("the body may have {max} bytes");
            Err(IngestionFailure::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message).hint(way_out))
        }
        Err(_) => {
            let message = format!("the body did not come within {} seconds", time.as_secs());
            Err(IngestionFailure::new(StatusCode::REQUEST_TIMEOUT, "timeout", message).hint("send it again"))
        }
    }
}

/// Copies the chunks of a body into one buffer. A chunk keeps the buffer of some KiB that it was read into, and a
/// sender may send each byte as a chunk, so collecting them would take far more memory than the body. `None` when the
/// body has more than `max` bytes or breaks off.
async fn whole(mut body: Body, max: usize) -> Option<Bytes> {
    let (mut first, mut all) = (Bytes::new(), Vec::new());
    while let Some(frame) = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(piece) = frame.ok()?.into_data() else { continue };
        if first.len() + all.len() + piece.len() > max {
            return None;
        }
        if first.is_empty() && all.is_empty() {
            first = piece;
            continue;
        }
        all.extend_from_slice(&std::mem::take(&mut first));
        all.extend_from_slice(&piece);
    }
    Some(if all.is_empty() { first } else { all.into() })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;

    use http_body_util::Channel;

    use super::*;

    /// A chunk of one byte, whose reference count shows whether its buffer is kept.
    struct Piece(#[expect(dead_code, reason = "counted")] Arc<()>);

    impl AsRef<[u8]> for Piece {
        fn as_ref(&self) -> &[u8] {
            b"a"
        }
    }

    #[tokio::test]
    async fn a_body_that_comes_byte_by_byte_keeps_no_buffer_for_each() {
        let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
        let kept = Arc::new(());
        let reading = tokio::spawn(read(Body::new(body), 100, ""));
        for _ in 0..50 {
            sender.send_data(Bytes::from_owner(Piece(Arc::clone(&kept)))).await.unwrap();
            tokio::task::yield_now().await;
            assert!(Arc::strong_count(&kept) <= 1 + 2, "the chunk in the channel, and the one before");
        }
        drop(sender);
        assert_eq!(reading.await.unwrap().unwrap(), "a".repeat(50));
    }

    #[tokio::test]
    async fn a_body_is_read_whole_up_to_its_bound() {
        for (sent, max, read_whole) in [("", 0, true), ("abc", 3, true), ("abcd", 3, false)] {
            let read = read(Body::from(sent), max, "send less").await;
            assert_eq!(read.ok().as_deref(), read_whole.then_some(sent.as_bytes()), "{sent}");
        }
    }
}
