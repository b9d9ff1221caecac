//! Listens. A port that cannot be had is told, and tried
//! again: the daemon needs no page to watch.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::desk::{Site, WebSetup};
use super::near::Near;
use super::route;
use crate::net::serve;

/// Wait before a port is tried again.
const AGAIN: Duration = Duration::from_secs(30);

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
            serve(listener, route::router(site.clone()), stop).await;
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
