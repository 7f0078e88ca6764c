//! The proxy under test, in this process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eyot::session::LogLimits;
use eyot::{
    Command, Drained, GatewayConfig, Interceptor, Interceptors, Limits, MemoryStore, Phase, Plan,
    PlanOptions, ProxyConfig, ReverseProxy, Shutdown, Target, Validation, View,
};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::{Upstream, within};

/// A proxy that listens. Dropping it stops accepting.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    serving: JoinSet<Drained>,
}

/// The defaults, except that a silent call stays silent: no clock chooses the form of an answer.
pub(crate) fn patient_limits() -> Limits {
    let mut limits = Limits::default();
    limits.calls.json_patience = Duration::from_secs(60);
    limits
}

/// Ten steps that look at everything and change nothing. The variable that puts a file before the program
/// puts them before the proxies of tests: all tests can be run with a plan.
fn looking_on() -> Interceptors {
    let steps = (0..10).map(|number| {
        let look = |view: &View<'_>| {
            let is_named = view.name().is_some_and(|it| it.is_empty());
            Ok(if is_named { Validation::warn("no name") } else { Validation::PASS })
        };
        let step = Interceptor::validator(format!("look-{number}"), look).sees_errors();
        step.on_both(["*"]).on(Phase::Request, ["notifications/*"])
    });
    Interceptors::new(Plan::compile(steps, PlanOptions::default()).unwrap())
}

impl Proxy {
    /// In front of an HTTP upstream, with the usual limits.
    pub(crate) async fn before(upstream: &Upstream) -> Self {
        Self::before_url(upstream, patient_limits(), |_| {}).await
    }

    /// In front of an HTTP upstream.
    pub(crate) async fn before_url(
        upstream: &Upstream,
        limits: Limits,
        adjust: impl FnOnce(&mut ProxyConfig),
    ) -> Self {
        Self::start(Target::url(&upstream.url(), limits).unwrap(), limits, adjust).await
    }

    /// In front of a child.
    pub(crate) async fn before_child(
        command: Command,
        limits: Limits,
        adjust: impl FnOnce(&mut ProxyConfig),
    ) -> Self {
        Self::start(Target::Command(command), limits, adjust).await
    }

    /// In front of any target.
    pub(crate) async fn start(
        target: Target,
        limits: Limits,
        adjust: impl FnOnce(&mut ProxyConfig),
    ) -> Self {
        let config = Self::config(limits, adjust);
        let shutdown = config.endpoint.shutdown.clone();
        Self::serve(ReverseProxy::new(target, config), shutdown).await
    }

    /// In front of many servers.
    pub(crate) async fn of_many(
        servers: GatewayConfig,
        limits: Limits,
        adjust: impl FnOnce(&mut ProxyConfig),
    ) -> Self {
        let config = Self::config(limits, adjust);
        let shutdown = config.endpoint.shutdown.clone();
        Self::serve(ReverseProxy::of_many(servers, config), shutdown).await
    }

    fn config(limits: Limits, adjust: impl FnOnce(&mut ProxyConfig)) -> ProxyConfig {
        let mut config = ProxyConfig::new(Arc::new(MemoryStore::new(LogLimits::default())));
        config.endpoint.limits = limits;
        if std::env::var_os("EYOT_INTERCEPTORS").is_some() {
            config.downstream_interceptors = Some(looking_on());
            config.upstream_interceptors = vec![looking_on()];
        }
        adjust(&mut config);
        config
    }

    async fn serve(proxy: ReverseProxy, shutdown: Shutdown) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(async move { proxy.serve(listener).await });
        Self { address, shutdown, serving }
    }

    /// Waits until everything has ended.
    pub(crate) async fn drained(mut self) -> Drained {
        let ended = within("the end of the drain", self.serving.join_next()).await;
        ended.expect("it serves").expect("serving does not panic")
    }
}
