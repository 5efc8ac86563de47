//! The accept loop. Our own, because axum's has no time-out for request heads and none for answers: a client that sends
//! or reads one byte a minute would hold its connection for ever.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use axum::Router;
use axum::extract::ConnectInfo;
use headwater_protocol::limits;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower::ServiceExt as _;

use crate::http_durations::{self, HttpDurations};
use crate::min_rate::{MinRate, Requests};
use crate::proxies::Proxies;

/// The listen backlog: connections that wait to be accepted, as far as the system allows. Tokio's 1,024 are too few
/// when many clients connect at once: the system drops the others, which try again only after 1, 3, 7 and 15 seconds.
const QUEUE: u32 = 4096;
/// Binds the address; an error names the `option` that gives another one.
pub(crate) fn bind(address: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    let listen = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // As tokio's own bind does, so that old connections of an earlier server do not keep the address in use.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(QUEUE)
    };
    listen().with_context(|| {
        format!("cannot listen on {address}; is another process using it? give another {option}")
    })
}

/// The settings of the accept loop.
pub(crate) struct ListenBounds {
    /// The proxies that are trusted to name a sender's address.
    pub(crate) proxies: Proxies,
    /// The most connections at once. Further ones wait in the listen backlog until one is closed; idle connections time
    /// out, so each gets its turn.
    pub(crate) connections: usize,
    /// Where the durations of requests are counted.
    pub(crate) durations: HttpDurations,
    /// How long open requests may take to finish after SIGTERM.
    pub(crate) drain: Duration,
}

/// Serves `router` until `stop` turns true, then lets open requests finish.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: ListenBounds,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(bounds.connections));
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(Duration::from_millis(limits::HEADER_TIMEOUT));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (stream, peer, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: wait for some to come free.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let (router, proxies, requests) = (router.clone(), bounds.proxies.clone(), Requests::default());
        let durations = bounds.durations.clone();
        let limited = MinRate::new(stream, Arc::clone(&requests));
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            requests.fetch_add(1, Ordering::Relaxed);
            // The sender's address, for the limits of one address.
            let sender = proxies.sender(peer, request.headers());
            request.extensions_mut().insert(ConnectInfo(sender));
            let (durations, route) = (durations.clone(), http_durations::route(request.uri().path()));
            let (answer, begun) = (router.clone().oneshot(request), Instant::now());
            async move {
                let answer = answer.await;
                if let Ok(answer) = &answer {
                    durations.observe(route, answer.status(), begun.elapsed());
                }
                answer
            }
        });
        let connection = graceful.watch(builder.serve_connection(TokioIo::new(limited), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended early");
            }
            drop(place);
        });
    }
    // New connections are refused while open requests finish.
    drop(listener);
    if tokio::time::timeout(bounds.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests still open after {} s; closing them", bounds.drain.as_secs());
    }
}

/// Accepts the next connection, once fewer than the most are open.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, place))
}
