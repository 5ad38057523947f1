//! `docket serve`: configuration, telemetry, store, plugins, pipeline, HTTP; then the way back.

use crate::boot;
use crate::cli::ServeArgs;
use crate::crash::CrashPoint;
use crate::exit::{CommandResult, Exit, Failure, OrExit};
use crate::settings;
use anyhow::Context;
use axum::serve::ListenerExt;
use docket_api::ApiState;
use docket_pipeline::Pipeline;
use docket_store::SharedStore;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long open connections have once everything else has ended.
const CONNECTIONS_WITHIN: Duration = Duration::from_secs(5);

/// How long the store has to write what it was asked to.
const STORE_WITHIN: Duration = Duration::from_secs(10);

/// Runs the host until SIGTERM or SIGINT.
pub(crate) async fn main(args: ServeArgs) -> CommandResult {
    let crash = CrashPoint::of(&args)?;
    let settings = settings::load(&args.settings, args.listen.as_deref())?;
    let recorder = boot::telemetry(&settings)?;
    let mut stop = StopSignals::new()?;
    // Listening comes first: a second host on the same port must not open the store of the first.
    let listener = listen(settings.server.listen).await?;
    let store = boot::store(&settings).await?;
    let pipeline = boot::pipeline(&settings, &store).await?;
    let shutdown = CancellationToken::new();
    let options = boot::api_options(&settings, shutdown.clone());
    let api = docket_api::router(ApiState { handle: pipeline.handle(), recorder, options });
    let url = format!("http://{}", listener.local_addr().or_exit(Exit::Network)?);
    let server = start(listener, api, &shutdown);
    announce(&url, args.ready_file.as_deref())?;
    // Only now: whoever waits for the host must see it ready before it dies.
    crash.arm();
    stop.wait().await;
    tokio::select! {
        clean = wind_down(&pipeline, settings.queue.drain, server, shutdown, &store) => {
            Ok(if clean { Exit::Ok } else { Exit::Failed })
        }
        () = stop.wait() => Err(Failure::new(Exit::Failed, "stopped at once by a second signal")),
    }
}

async fn listen(address: std::net::SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))
        .or_exit(Exit::Network)
}

fn start(
    listener: TcpListener,
    api: axum::Router,
    shutdown: &CancellationToken,
) -> JoinHandle<std::io::Result<()>> {
    let listener = listener.tap_io(|stream| {
        // Without it an answer waits for the acknowledgement of the one before.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
    });
    let closed = shutdown.clone().cancelled_owned();
    tokio::spawn(async move { axum::serve(listener, api).with_graceful_shutdown(closed).await })
}

/// The one line that tells people and programs where the host is. The file appears whole or not at all.
fn announce(url: &str, ready_file: Option<&Path>) -> Result<(), Failure> {
    println!("docket is ready at {url}");
    tracing::info!(%url, "ready");
    let Some(file) = ready_file else { return Ok(()) };
    let part = file.with_extension("part");
    std::fs::write(&part, format!("{url}\n"))
        .and_then(|()| std::fs::rename(&part, file))
        .with_context(|| format!("cannot write {}", file.display()))
        .or_exit(Exit::Internal)
}

/// Refuses new work, ends or gives back what is under way, lets connections end, closes the store.
async fn wind_down(
    pipeline: &Pipeline,
    drain: Duration,
    server: JoinHandle<std::io::Result<()>>,
    shutdown: CancellationToken,
    store: &SharedStore,
) -> bool {
    tracing::info!(limit_s = drain.as_secs(), "stopping: no new work; what is under way may end");
    let report = pipeline.drain(drain).await;
    tracing::info!(running = report.running, released = report.released, clean = report.clean, "drained");
    shutdown.cancel();
    let abort = server.abort_handle();
    if tokio::time::timeout(CONNECTIONS_WITHIN, server).await.is_err() {
        tracing::warn!("connections are still open and are cut");
        abort.abort();
    }
    let closed = tokio::time::timeout(STORE_WITHIN, store.close()).await.is_ok();
    if !closed {
        tracing::error!("the store did not close in time; what was answered is durable all the same");
    }
    report.clean && closed
}

/// SIGTERM and SIGINT.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn new() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).context("cannot listen for signals").or_exit(Exit::Internal);
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
