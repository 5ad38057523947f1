//! The HTTP clients: one that connects to any address, one to public addresses only.

use crate::address::SystemResolver;
use crate::outbound::{OutboundError, OutboundOptions};
use reqwest::{Client, ClientBuilder, Proxy, redirect, retry};
use std::sync::{Arc, Once, OnceLock};

/// Built at first use: loading the system's certificates costs time and memory that a host of mocks need not spend.
#[derive(Debug)]
pub(crate) struct Clients {
    options: OutboundOptions,
    any: OnceLock<Client>,
    public: OnceLock<Client>,
}

impl Clients {
    pub(crate) fn new(options: OutboundOptions) -> Result<Self, OutboundError> {
        install_crypto();
        if let Some(proxy) = &options.proxy {
            Proxy::all(proxy).map_err(|_| OutboundError::Proxy)?;
        }
        Ok(Self { options, any: OnceLock::new(), public: OnceLock::new() })
    }

    /// For addresses that the operator chose.
    pub(crate) fn any(&self) -> &Client {
        self.any.get_or_init(|| build(&self.options, false))
    }

    /// For names that others chose. Connections of its pool lead to checked addresses only.
    pub(crate) fn public(&self) -> &Client {
        self.public.get_or_init(|| build(&self.options, true))
    }
}

/// The process-wide default is what the HTTP client asks for; whoever installs one first wins.
fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            tracing::debug!("another TLS provider was installed before");
        }
    });
}

fn builder(options: &OutboundOptions, public_only: bool) -> ClientBuilder {
    // No redirects: each would need every check again. No retries: a POST costs money (a request that never
    // left, because its pooled connection was closed, is still sent once, on a new connection).
    let builder = Client::builder()
        .user_agent(concat!("docket/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .referer(false)
        .connect_timeout(options.connect_timeout)
        .pool_idle_timeout(options.pool_idle)
        .pool_max_idle_per_host(options.max_idle_per_host)
        .http2_max_header_list_size(64 * 1024)
        .dns_resolver(Arc::new(SystemResolver { public_only }));
    match options.proxy.as_deref().map(Proxy::all) {
        // With a proxy the address is its to resolve, so the check of addresses needs a direct connection.
        Some(Ok(proxy)) if !public_only => builder.proxy(proxy),
        _ => builder,
    }
}

fn build(options: &OutboundOptions, public_only: bool) -> Client {
    builder(options, public_only).build().unwrap_or_else(|error| {
        tracing::warn!(%error, "no usable TLS roots on this machine: https calls will fail");
        without_roots(options, public_only)
    })
}

/// A client that trusts nobody, so that a host without certificates still serves plain http.
fn without_roots(options: &OutboundOptions, public_only: bool) -> Client {
    let config =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map(|config| {
                config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
            });
    match config.map(|config| builder(options, public_only).tls_backend_preconfigured(config).build()) {
        Ok(Ok(client)) => client,
        // Neither can fail: the provider has the default versions, and no option above depends on the machine.
        _ => Client::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::transport;
    use docket_types::exchange::TransportError;

    #[tokio::test]
    async fn the_guarded_client_connects_to_no_address_that_is_not_public() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
        let clients = Clients::new(OutboundOptions::default()).unwrap();
        let error = clients.public().get(&url).send().await.unwrap_err();
        assert!(matches!(transport(&error), TransportError::Blocked(why) if why.contains("public")));
        let call = tokio::spawn(clients.any().get(&url).send());
        assert!(listener.accept().await.is_ok(), "the other client does connect");
        call.abort();
    }
}
