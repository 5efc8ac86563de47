//! Answers of the proxy, which can cut one off in the middle.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER,
};
use hyper::{Response, StatusCode};

/// An answer.
pub(crate) type Answer = Response<Told>;

/// The error that closes the connection.
#[derive(Debug)]
pub(crate) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("the connection was cut")
    }
}

impl std::error::Error for Cut {}

impl From<Infallible> for Cut {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// The body of an answer, whole or cut off.
#[derive(Debug)]
pub(crate) struct Told {
    text: Option<Bytes>,
    /// Whether the connection is cut after the text.
    cut: bool,
    /// Whether the body was pending once, so that the text is written before the connection is cut.
    out: bool,
}

impl Body for Told {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(text) = self.text.take() {
            return Poll::Ready(Some(Ok(Frame::data(text))));
        }
        if !self.cut {
            return Poll::Ready(None);
        }
        if self.out {
            return Poll::Ready(Some(Err(Cut)));
        }
        self.out = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn size_hint(&self) -> SizeHint {
        match &self.text {
            Some(text) if !self.cut => SizeHint::with_exact(text.len() as u64),
            _ => SizeHint::default(),
        }
    }
}

/// An answer of this kind.
pub(crate) fn answer(kind: &'static str, text: impl Into<Bytes>) -> Answer {
    let told = Told { text: Some(text.into()), cut: false, out: false };
    let response = Response::builder().header(CONTENT_TYPE, kind).header(CACHE_CONTROL, "no-store");
    response.body(told).expect("the headers are ours")
}

/// The answer with headers that let a page of any origin read it.
pub(crate) fn readable(mut answer: Answer) -> Answer {
    let headers = answer.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, "*".parse().expect("a header"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, "retry-after".parse().expect("a header"));
    answer
}

/// A failure, with `Retry-After` in seconds.
pub(crate) fn failure(status: u16, pause: Option<u32>) -> Answer {
    let mut answer = answer("text/plain", "a failure of the proxy");
    *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
    if let Some(pause) = pause {
        answer.headers_mut().insert(RETRY_AFTER, pause.into());
    }
    answer
}

/// The first half of an answer, after which the connection is cut.
pub(crate) fn half(mut answer: Answer) -> Answer {
    let told = answer.body_mut();
    told.text = told.text.take().map(|text| text.slice(..text.len() / 2));
    told.cut = true;
    answer
}
