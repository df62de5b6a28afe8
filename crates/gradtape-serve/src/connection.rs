//! Connections: how many, how long their heads may take, which give way to new ones, and how they end.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Options;
use crate::idle::Everyone;
use crate::impatient::Impatient;

/// How long no connection is taken after one could not be, and how often it is looked for one that may give way.
const PAUSE: Duration = Duration::from_millis(50);

/// Accepts and answers until `stop` is done, then until what is there is answered.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    options: &Options,
    stop: impl Future<Output = ()>,
) {
    let free = Arc::new(Semaphore::new(options.connections));
    let everyone = Arc::new(Everyone::default());
    let open = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = async {
            let accepted = listener.accept().await;
            (accepted, place(&free, &everyone).await)
        };
        let (stream, place) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut stop => break,
        };
        let Ok((stream, _)) = stream else {
            // The process has no more handles: connections that end will give some back.
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let own = everyone.enter();
        let stream = Impatient::new(stream, options.timeout, own.life().clone());
        let mut server = hyper::server::conn::http1::Builder::new();
        server.timer(TokioTimer::new()).header_read_timeout(options.timeout);
        let service = TowerToHyperService::new(router.clone());
        let connection = open.watch(server.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            tokio::select! {
                // Who broke off has no use for the reason.
                _ = connection => {}
                () = own.life().gives_way() => {}
            }
            drop((own, place));
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(options.timeout, open.shutdown()).await;
}

/// A place for a connection. Where there is none, the connection that asked for nothing for longest gives way.
async fn place(free: &Arc<Semaphore>, everyone: &Everyone) -> Option<OwnedSemaphorePermit> {
    loop {
        if let Ok(place) = free.clone().try_acquire_owned() {
            return Some(place);
        }
        everyone.let_one_give_way();
        if let Ok(place) = tokio::time::timeout(PAUSE, free.clone().acquire_owned()).await {
            return place.ok();
        }
    }
}

/// Is done when the process is told to end.
pub(crate) async fn told_to_end() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminated) => {
                tokio::select! {
                    _ = interrupted => {}
                    _ = terminated.recv() => {}
                }
            }
            Err(_) => drop(interrupted.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupted.await);
}
