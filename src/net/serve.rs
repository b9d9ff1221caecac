//! Serving HTTP within bounds, for whoever calls us: pages, metrics, hubs.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Connections at a time; more wait in the system's queue.
const CONNECTIONS: usize = 64;
/// Longest wait for the head of a request, idle connections included.
const HEAD: Duration = Duration::from_secs(15);
/// Longest life of a connection.
const LIFE: Duration = Duration::from_secs(300);
/// Bytes of a request's head.
const HEAD_BYTES: usize = 32 << 10;
/// Longest wait for answers under way at the end.
const GRACE: Duration = Duration::from_secs(2);

/// Takes connections until told to stop, then gives those under way a moment.
pub async fn serve(listener: TcpListener, app: Router, stop: &CancellationToken) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let permit = tokio::select! {
            Ok(permit) = room.clone().acquire_owned() => permit,
            () = stop.cancelled() => break,
        };
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of descriptors, or gone before it was taken: neither is for ever.
                    tracing::debug!(%error, "a connection was not taken");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = stop.cancelled() => break,
        };
        let (app, stop) = (app.clone(), stop.clone());
        connections.spawn(async move {
            let served = tokio::time::timeout(LIFE, answer(stream, app, stop)).await;
            if served.is_err() {
                tracing::debug!("a connection had its time");
            }
            drop(permit);
        });
        // What has ended is taken away; a panic of one is its own.
        while connections.try_join_next().is_some() {}
    }
    let finished = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, finished).await.is_err() {
        connections.shutdown().await;
    }
}

async fn answer(stream: TcpStream, app: Router, stop: CancellationToken) {
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}
