//! A connection with a minimum rate for reading answers. A client that asks for a long list and never reads it would
//! hold the memory of the answer for ever.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use headwater_protocol::limits::{ANSWER_BYTES_MIN, REQUEST_TIMEOUT};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// The number of requests that came over a connection, by which the time-out begins again for each answer.
pub(crate) type Requests = Arc<AtomicUsize>;

/// The stream `S`. Writing fails with a time-out when the client has taken fewer than [`ANSWER_BYTES_MIN`] bytes of an
/// answer within [`REQUEST_TIMEOUT`] after the send buffers were full.
pub(crate) struct MinRate<S> {
    stream: S,
    requests: Requests,
    /// The number of the request whose answer is being written.
    answered: usize,
    /// The time-out; runs from the moment that the buffers were full until enough was taken.
    waits: Option<Pin<Box<Sleep>>>,
    /// Bytes taken since the time-out began.
    taken: usize,
}

impl<S> MinRate<S> {
    pub(crate) fn new(stream: S, requests: Requests) -> Self {
        Self { stream, requests, answered: 0, waits: None, taken: 0 }
    }

    /// Counts bytes that the client has taken; enough of them end the time-out.
    fn progress(&mut self, bytes: usize) {
        self.taken += bytes;
        if self.taken >= ANSWER_BYTES_MIN {
            self.waits = None;
        }
    }

    /// Called when the buffers are full: starts or continues the time-out, and fails when it is over.
    fn stalled<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        let request = self.requests.load(Ordering::Relaxed);
        if self.answered != request {
            (self.answered, self.waits) = (request, None);
        }
        let waits = self.waits.get_or_insert_with(|| {
            self.taken = 0;
            Box::pin(tokio::time::sleep(Duration::from_millis(REQUEST_TIMEOUT)))
        });
        match waits.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for MinRate<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for MinRate<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let limited = self.get_mut();
        match Pin::new(&mut limited.stream).poll_write(context, bytes) {
            Poll::Ready(written) => {
                limited.progress(written.as_ref().map_or(0, |bytes| *bytes));
                Poll::Ready(written)
            }
            Poll::Pending => limited.stalled(context),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let limited = self.get_mut();
        match Pin::new(&mut limited.stream).poll_write_vectored(context, slices) {
            Poll::Ready(written) => {
                limited.progress(written.as_ref().map_or(0, |bytes| *bytes));
                Poll::Ready(written)
            }
            Poll::Pending => limited.stalled(context),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let limited = self.get_mut();
        match Pin::new(&mut limited.stream).poll_flush(context) {
            Poll::Pending => limited.stalled(context),
            ready @ Poll::Ready(_) => ready,
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::time::sleep;

    use super::*;

    const ANSWER: &[u8] = &[7; 4 * ANSWER_BYTES_MIN];

    /// Writes an answer to a reader that takes `bytes` every `millis`; returns the result of writing.
    async fn answer(bytes: usize, millis: u64) -> io::Result<()> {
        let (ours, mut theirs) = duplex(1024);
        let mut limited = MinRate::new(ours, Requests::default());
        let reader = tokio::spawn(async move {
            let mut buffer = vec![0; bytes];
            while theirs.read_exact(&mut buffer).await.is_ok() {
                sleep(Duration::from_millis(millis)).await;
            }
        });
        let written = limited.write_all(ANSWER).await;
        drop(limited);
        reader.await.unwrap();
        written
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_reads_its_answer_times_out() {
        let (ours, _theirs) = duplex(1024);
        let begun = tokio::time::Instant::now();
        let error = MinRate::new(ours, Requests::default()).write_all(ANSWER).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let late = begun.elapsed().saturating_sub(Duration::from_millis(REQUEST_TIMEOUT));
        assert!(late < Duration::from_millis(10), "{late:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_reads_byte_by_byte_times_out_too() {
        assert_eq!(answer(1, 1000).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_client_gets_its_whole_answer() {
        answer(1024, REQUEST_TIMEOUT / 70).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_answer_of_a_connection_has_its_own_time() {
        let (ours, mut theirs) = duplex(1024);
        let requests = Requests::default();
        let mut limited = MinRate::new(ours, Arc::clone(&requests));
        let (short, mut buffer) = ([7; 2048], vec![0; 2048]);
        for _ in 0..3 {
            requests.fetch_add(1, Ordering::Relaxed);
            let read = async {
                sleep(Duration::from_millis(REQUEST_TIMEOUT / 2)).await;
                theirs.read_exact(&mut buffer).await.unwrap();
            };
            let (written, ()) = tokio::join!(limited.write_all(&short), read);
            written.unwrap();
        }
    }
}
