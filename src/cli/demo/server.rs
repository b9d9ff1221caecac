//! The demo's servers: bound to a free loopback port, ended by a token, and never longer in ending
//! than [`PATIENCE`].

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longest wait for connections to end; what is left then is cut off.
const PATIENCE: Duration = Duration::from_secs(2);

/// A server that runs until it is stopped or dropped.
pub(super) struct Server {
    base: String,
    closing: CancellationToken,
    task: JoinHandle<io::Result<()>>,
}

impl Server {
    /// Serves `app` until `closing` is cancelled.
    pub(super) async fn start(app: Router, closing: CancellationToken) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let base = format!("http://{}", listener.local_addr()?);
        let closed = closing.clone().cancelled_owned();
        let task =
            tokio::spawn(
                async move { axum::serve(listener, app).with_graceful_shutdown(closed).await },
            );
        Ok(Self { base, closing, task })
    }

    /// `http://127.0.0.1:PORT`.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Ends it: no new connections, those under way get a moment.
    pub(super) async fn stop(mut self) {
        self.closing.cancel();
        // A server that ends badly at the end of the demo takes nothing along.
        let _ = tokio::time::timeout(PATIENCE, &mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.closing.cancel();
        self.task.abort();
    }
}
