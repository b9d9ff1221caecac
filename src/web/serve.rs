//! Listens, and serves each connection within bounds. A port that cannot be had is told, and tried
//! again: the daemon needs no page to watch.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::desk::{Site, WebSetup};
use super::near::Near;
use super::route;

/// Connections at a time; more wait in the system's queue.
const CONNECTIONS: usize = 64;
/// Longest wait for the head of a request, idle connections included.
const HEAD: Duration = Duration::from_secs(15);
/// Longest life of a connection.
const LIFE: Duration = Duration::from_secs(300);
/// Bytes of a request's head.
const HEAD_BYTES: usize = 32 << 10;
/// Wait before a port is tried again.
const AGAIN: Duration = Duration::from_secs(30);
/// Longest wait for answers under way at the end.
const GRACE: Duration = Duration::from_secs(2);

/// Serves until told to stop; moves where a reload says so.
pub async fn run(setup: WebSetup) {
    let WebSetup { mut desk, store, pulses, meters, orders, shutdown } = setup;
    let site = Arc::new(Site {
        desk: desk.clone(),
        store,
        pulses,
        meters,
        orders,
        near: Near::default(),
        turn: Semaphore::new(1),
    });
    let mut troubled = false;
    while !shutdown.is_cancelled() {
        let listen = desk.borrow_and_update().listen;
        let stop = shutdown.child_token();
        let serving = async {
            match listen {
                None => stop.cancelled().await,
                Some(address) => listen_at(address, &site, &stop, &mut troubled).await,
            }
        };
        let moved = async {
            while desk.changed().await.is_ok() {
                if desk.borrow_and_update().listen != listen {
                    return;
                }
            }
            std::future::pending().await
        };
        tokio::pin!(serving);
        tokio::select! {
            () = &mut serving => {}
            () = moved => {
                stop.cancel();
                serving.await;
            }
        }
    }
}

/// Serves at an address until told to stop, or waits a while where it cannot be had.
async fn listen_at(
    address: SocketAddr,
    site: &Arc<Site>,
    stop: &CancellationToken,
    troubled: &mut bool,
) {
    match TcpListener::bind(address).await {
        Ok(listener) => {
            *troubled = false;
            tell(address, &listener);
            // It ends only when every connection has: none may outlive the store.
            accept(listener, site.clone(), stop).await;
        }
        Err(error) => {
            // Told once: it is tried again and again.
            if !*troubled {
                tracing::error!(
                    %error, "the page cannot be had at {address}; all else runs on. Free the port, \
                     or write another under [web] listen and reload"
                );
            }
            *troubled = true;
            tokio::select! {
                () = tokio::time::sleep(AGAIN) => {}
                () = stop.cancelled() => {}
            }
        }
    }
}

fn tell(address: SocketAddr, listener: &TcpListener) {
    // Port 0 is any that is free; only the system knows which.
    let address = listener.local_addr().unwrap_or(address);
    tracing::info!("the page is at http://{address}/");
}

/// Takes connections until told to stop, then gives those under way a moment.
async fn accept(listener: TcpListener, site: Arc<Site>, stop: &CancellationToken) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let app = route::router(site);
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
                    tracing::debug!(%error, "a connection to the page was not taken");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = stop.cancelled() => break,
        };
        let (app, stop) = (app.clone(), stop.clone());
        connections.spawn(async move {
            let served = tokio::time::timeout(LIFE, serve(stream, app, stop)).await;
            if served.is_err() {
                tracing::debug!("a connection to the page had its time");
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

async fn serve(stream: TcpStream, app: axum::Router, stop: CancellationToken) {
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
        tracing::debug!(%error, "a connection to the page broke");
    }
}
