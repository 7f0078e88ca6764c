//! `eyot serve`.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use eyot::EraMode;
use eyot::service::ServiceLayer;
use eyot::session::{LogLimits, Store};
use eyot::{
    AddressPolicy, Admin, Affinity, AllowList, ApiKey, ClientCertificates, Command, Drained,
    ForwardConfig, HostPolicy, Keys, Limits, MemoryStore, Proxies, ProxyConfig, ReverseProxy,
    SqliteOptions, SqliteStore, Target,
};
use eyot_interception::{InterceptionDriver, InterceptorFile};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::args::{KeySource, Listen, ListenAt, Serve, SpokenTransport, StoreUrl};
use crate::failure::Failure;
use crate::policy::PolicyFile;
use crate::signals::Signals;
use crate::tls_files::TlsFiles;
use crate::{config, descriptors, places, secrets, socket, transport, writer};

mod place;

pub(crate) use self::place::Place;
use crate::config::{ManyFiles, World};

/// Runs the command.
pub(crate) fn run(mut serve: Serve, is_json: bool) -> anyhow::Result<()> {
    if !serve.from.wants_all() {
        config::fill_serve(&mut serve)?;
    }
    let Listen { policy, interceptors, .. } = &mut serve.listen;
    config::fill_section(policy, &serve.from, "policy");
    config::fill_section(interceptors, &serve.from, "interceptors");
    let limits = limits(&serve.listen);
    let place = place_of(&serve, limits)?;
    let Serve { listen, era, affinity, from, .. } = serve;
    let (era, affinity) = (era.unwrap_or_default().into(), affinity.unwrap_or_default().into());
    let upstream = Upstream { place, era, affinity, limits, layers: from.tools.layer() };
    start(&listen, upstream, |url| announce(url, is_json))
}

/// What the flags say to stand before.
fn place_of(serve: &Serve, limits: Limits) -> anyhow::Result<Place> {
    if serve.named.forward {
        return Ok(Place::Named(forward_config(serve)?));
    }
    if serve.named.is_given() {
        let message = "--allow and --allow-net are for --forward, where clients name the upstream";
        return Err(Failure::usage(message).into());
    }
    if serve.from.wants_all() {
        let files = many_files(serve, limits)?;
        let gateway = files.load()?;
        return Ok(Place::Many(Box::new(files), gateway));
    }
    let has_credentials = serve.upstream_token.is_some() || !serve.upstream_header.is_empty();
    if serve.upstream.is_none() && has_credentials {
        let flags = "--upstream-token and --upstream-header";
        return Err(Failure::usage(format!("{flags} are for an --upstream at a URL")).into());
    }
    Ok(Place::Target(match (&serve.upstream, serve.command.split_first()) {
        (Some(url), _) => target_at(url, serve, limits)?,
        (None, _) if serve.transport.is_given() => {
            let flags = "--ca, --client-cert, --insecure-skip-verify and --proxy";
            return Err(Failure::usage(format!("{flags} are for an --upstream at a URL")).into());
        }
        (None, Some((program, args))) => Target::Command(Command {
            program: program.clone(),
            args: args.to_vec(),
            env: serve.env.iter().map(|it| (it.name.clone(), it.value.clone())).collect(),
            cwd: serve.cwd.clone(),
        }),
        (None, None) => anyhow::bail!("name an upstream: --upstream URL, or -- CMD ARGS…"),
    }))
}

/// The servers of the files, and the flags that hold for all of them.
fn many_files(serve: &Serve, limits: Limits) -> anyhow::Result<ManyFiles> {
    let has_credentials = serve.upstream_token.is_some() || !serve.upstream_header.is_empty();
    if has_credentials || !serve.env.is_empty() || serve.cwd.is_some() {
        let flags = "--upstream-token, --upstream-header, --env and --cwd";
        let message = format!("{flags} are for one server: name it with --server NAME");
        return Err(Failure::usage(message).into());
    }
    Ok(ManyFiles {
        world: World { asks: true },
        from: serve.from.clone(),
        together: serve.together,
        limits,
        times: serve.listen.times,
        message: serve.listen.message,
        transport: serve.transport.clone(),
        era: serve.era,
        affinity: serve.affinity,
    })
}

/// What clients may name, and how it is connected to: directly, unless a flag names a proxy. A proxy
/// of the environment would be asked for names whose addresses only it knows.
fn forward_config(serve: &Serve) -> anyhow::Result<ForwardConfig> {
    let Serve { named, transport, .. } = serve;
    if transport.transport == Some(SpokenTransport::WebSocket) {
        let message =
            "--transport ws is for one server: with --forward clients name http and https URLs";
        return Err(Failure::usage(message).into());
    }
    let connector = transport::connector(transport, Proxies::none)?;
    let mut config = ForwardConfig::new(AllowList::new(named.allow.iter().cloned()));
    let addresses = AddressPolicy::public_and(named.allow_net.iter().copied());
    config.connector = connector.to_addresses(addresses);
    config.transport = transport.transport.unwrap_or_default().into();
    Ok(config)
}

/// The server at a URL, with the headers and token that the flags add to every request.
fn target_at(url: &str, serve: &Serve, limits: Limits) -> anyhow::Result<Target> {
    let target = transport::target(url, limits, &serve.transport).context("--upstream")?;
    let headers = ("--upstream-header", &*serve.upstream_header);
    transport::with_credentials(
        target,
        headers,
        ("--upstream-token", serve.upstream_token.as_ref()),
    )
}

/// The service to serve, and its bounds.
pub(crate) struct Upstream {
    pub(crate) place: Place,
    pub(crate) era: EraMode,
    pub(crate) affinity: Affinity,
    pub(crate) limits: Limits,
    pub(crate) layers: ServiceLayer,
}

/// Announces the address of the server: to programs on stdout, to people on stderr.
pub(crate) fn announce(url: &str, is_json: bool) -> anyhow::Result<()> {
    if is_json {
        writer::print_json(&serde_json::json!({ "listening": url, "pid": std::process::id() }))?;
    }
    writer::say(&format!("listening on {url}"));
    Ok(())
}

/// The bounds that the flags ask for.
pub(crate) fn limits(listen: &Listen) -> Limits {
    let mut limits = Limits::default();
    listen.message.apply(&mut limits);
    listen.times.apply(&mut limits);
    limits.memory.parked_calls_max = listen.parked_calls_max;
    limits.principal_parts = listen.principal_parts;
    limits.sessions.each.idle_timeout = listen.session_ttl;
    limits.upstream.session_idle_timeout = listen.session_ttl;
    limits.upstream.children_max = listen.children_max;
    limits.upstream.children_wait_timeout = listen.children_wait;
    limits.drain_timeout = listen.drain_timeout;
    limits.http.connections_max = descriptors::connections_max(limits.http.connections_max);
    limits
}

/// Serves `upstream` until a signal ends it; `announce` is told the URL when it is ready.
pub(crate) fn start(
    listen: &Listen,
    upstream: Upstream,
    announce: impl FnOnce(&str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let Upstream { place, era, affinity, limits, layers } = upstream;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut signals = Signals::new().context("signals cannot be received")?;
        let tls = TlsFiles::open(&listen.tls)?;
        let policy = PolicyFile::open(listen.policy.as_ref())?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let bound = socket::listen(&listen.listen, scheme).await?;
        let url = bound.url(place.endpoint());
        let mut config = proxy_config(listen, tls.as_ref(), store_of(listen, &place)?, limits)?;
        (config.era, config.affinity, config.layers) = (era, affinity, layers);
        config.policy = policy.as_ref().map(PolicyFile::live);
        let shutdown = config.endpoint.shutdown.clone();
        let intercepting = intercepting(listen.interceptors.as_ref(), &mut config).await?;
        let hangup = Notify::new();
        let (proxy, files) = place.proxy(config);
        check_servers(intercepting.as_ref(), proxy.server_names().as_deref())?;
        let files = Files {
            tls: tls.as_ref(),
            servers: files.as_deref(),
            policy: policy.as_ref(),
            interceptors: intercepting.is_some().then_some(&hangup),
        };
        let admin = admin(listen, &proxy).await?;
        announce(&url)?;
        let listener = bound.listener;
        let serving = async {
            let Some((at, admin)) = admin else { return proxy.serve(listener).await };
            let hosts = admin_hosts(listen);
            let both = (proxy.serve(listener), proxy.serve_admin(at, hosts, admin));
            tokio::join!(both.0, both.1).0
        };
        tokio::select! {
            drained = serving => report(drained),
            () = signals.pass_on(&shutdown, files.reloading(&proxy)) => {}
            () = files.keep_fresh(&proxy) => {}
            () = eyot_interception::follow(intercepting, &hangup, || proxy.server_names()) => {}
        }
        drop(bound.file);
        Ok(())
    })
}

/// What the interceptors of a file need to be kept up to date; `None`: no flag names one.
pub(crate) async fn intercepting(
    file: Option<&PathBuf>,
    config: &mut ProxyConfig,
) -> anyhow::Result<Option<(InterceptorFile, InterceptionDriver)>> {
    let opened = InterceptorFile::open(file, config).await;
    Ok(opened.map_err(|it| Failure::usage(it.to_string()))?)
}

/// Refuses rules that choose a server which the gateway does not have.
pub(crate) fn check_servers(
    intercepting: Option<&(InterceptorFile, InterceptionDriver)>,
    servers: Option<&[String]>,
) -> anyhow::Result<()> {
    let checked = intercepting.map_or(Ok(()), |(file, _)| file.check_servers(servers));
    Ok(checked.map_err(|it| Failure::usage(it.to_string()))?)
}

/// Logs how it ended.
pub(crate) fn report(drained: Drained) {
    match drained {
        Drained::Complete => tracing::info!("ended; nothing was lost"),
        Drained::TimedOut { tasks } => {
            tracing::warn!(tasks, "ended before everything had finished");
        }
    }
}

/// What is read again while the program runs.
#[derive(Clone, Copy)]
struct Files<'a> {
    tls: Option<&'a TlsFiles>,
    servers: Option<&'a ManyFiles>,
    policy: Option<&'a PolicyFile>,
    /// Tells those who follow the file of interceptors.
    interceptors: Option<&'a Notify>,
}

impl Files<'_> {
    /// What a SIGHUP reads again; `None`: nothing.
    fn reloading(self, proxy: &ReverseProxy) -> Option<impl Fn()> {
        let Self { tls, servers, policy, interceptors } = self;
        let has_some =
            tls.is_some() || servers.is_some() || policy.is_some() || interceptors.is_some();
        has_some.then_some(move || {
            if let Some(tls) = tls {
                tls.reload();
            }
            if let Some(servers) = servers {
                reload(servers, proxy);
            }
            if let Some(policy) = policy {
                policy.reload();
            }
            if let Some(interceptors) = interceptors {
                interceptors.notify_one();
            }
        })
    }

    /// Reads each file again whenever it has changed. Never ready.
    async fn keep_fresh(self, proxy: &ReverseProxy) {
        let tls = async {
            if let Some(tls) = self.tls {
                tls.keep_fresh().await;
            }
        };
        let policy = async {
            if let Some(policy) = self.policy {
                policy.keep_fresh().await;
            }
        };
        let servers = async {
            if let Some(servers) = self.servers {
                follow(servers, proxy).await;
            }
        };
        tokio::join!(tls, policy, servers);
        std::future::pending().await
    }
}

/// Reads the files of servers again whenever one of them has changed. Never ready.
async fn follow(files: &ManyFiles, proxy: &ReverseProxy) {
    let mut known = files.stamps();
    loop {
        files.changed(&mut known).await;
        reload(files, proxy);
    }
}

/// Reads the files of servers again. If they cannot be used, all stays as it is.
fn reload(files: &ManyFiles, proxy: &ReverseProxy) {
    match files.load() {
        Ok(gateway) => {
            tracing::info!(servers = gateway.servers.len(), "servers are read again");
            proxy.reload(gateway);
        }
        Err(error) => {
            let error = format!("{error:#}");
            tracing::error!(error, "the new servers cannot be used; the old ones stay");
        }
    }
}

fn store_of(listen: &Listen, place: &Place) -> anyhow::Result<Arc<dyn Store>> {
    match (&listen.store, place) {
        (Some(store), _) => open_store(store),
        (None, Place::Target(target)) => {
            open_store(&StoreUrl::Sqlite(places::default_store(target)?))
        }
        (None, Place::Many(files, _)) => {
            open_store(&StoreUrl::Sqlite(places::store_of_files(&files.from.config)?))
        }
        (None, Place::Named(_)) => {
            open_store(&StoreUrl::Sqlite(places::state_folder()?.join("sessions-forward.db")))
        }
    }
}

/// Opens the store that the flags name.
pub(crate) fn open_store(store: &StoreUrl) -> anyhow::Result<Arc<dyn Store>> {
    let path = match store {
        StoreUrl::Memory => return Ok(Arc::new(MemoryStore::new(LogLimits::default()))),
        StoreUrl::Sqlite(path) => path,
    };
    let store = SqliteStore::open(path, SqliteOptions::default());
    let store = store.with_context(|| format!("cannot open the store {}", path.display()))?;
    tracing::info!(path = %path.display(), "sessions are kept");
    Ok(Arc::new(store))
}

fn proxy_config(
    listen: &Listen,
    tls: Option<&TlsFiles>,
    store: Arc<dyn Store>,
    limits: Limits,
) -> anyhow::Result<ProxyConfig> {
    let mut config = ProxyConfig::new(store);
    let keys = listen.api_key.iter().map(read_key).collect::<anyhow::Result<_>>()?;
    config.endpoint.auth = Arc::new(Keys::new(keys).context("--api-key")?);
    if config.endpoint.auth.is_open() && tls.is_some_and(TlsFiles::asks_for_certificates) {
        config.endpoint.auth = Arc::new(ClientCertificates);
    }
    config.endpoint.tls = tls.map(TlsFiles::tls);
    anyhow::ensure!(
        listen.listen.is_local() || !config.endpoint.auth.is_open(),
        "{} can be reached by others: require keys with --api-key NAME=KEY, or certificates with \
         --client-ca FILE, or listen on loopback",
        listen.listen
    );
    let mut hosts = HostPolicy::loopback();
    if let ListenAt::Tcp(address) = &listen.listen
        && !address.ip().is_loopback()
        && !address.ip().is_unspecified()
    {
        hosts = hosts.allow_host(&address.ip().to_string());
    }
    hosts = listen.allow_host.iter().fold(hosts, |hosts, host| hosts.allow_host(host));
    hosts = listen.allow_origin.iter().fold(hosts, |hosts, origin| hosts.allow_origin(origin));
    config.endpoint.hosts = hosts;
    config.endpoint.limits = limits;
    config.endpoint.web_socket_path.take_if(|_| listen.no_ws);
    config.endpoint.http_sse = !listen.no_sse;
    Ok(config)
}

fn read_key(KeySource { name, source }: &KeySource) -> anyhow::Result<ApiKey> {
    let key = secrets::read(source).with_context(|| format!("key of `{name}`"))?;
    if secrets::is_literal(source) {
        tracing::warn!(
            name,
            "the key stands on the command line, where other users of this machine can read it: \
             name a file (@FILE) or a variable (env:VAR) instead"
        );
    }
    let length = key.expose().chars().count();
    if length < KEY_CHARS_MIN {
        tracing::warn!(
            name,
            length,
            "the key is so short that it can be guessed; take {KEY_CHARS_MIN} characters or more"
        );
    }
    Ok(ApiKey { name: name.as_str().into(), key })
}

/// Who may talk to the admin address: on loopback only this machine.
fn admin_hosts(listen: &Listen) -> HostPolicy {
    let hosts = listen.allow_host.iter();
    let hosts = hosts.fold(HostPolicy::loopback(), |hosts, host| hosts.allow_host(host));
    if listen.admin_exposed { hosts.allow_addresses() } else { hosts }
}

async fn admin(
    listen: &Listen,
    proxy: &ReverseProxy,
) -> anyhow::Result<Option<(TcpListener, Admin)>> {
    let Some(address) = listen.admin else { return Ok(None) };
    anyhow::ensure!(
        address.ip().is_loopback() || listen.admin_exposed,
        "--admin {address} can be reached by others and asks for no keys: choose an address of this \
         machine, or say --admin-exposed"
    );
    let recorder = PrometheusBuilder::new().install_recorder().context("metrics")?;
    eyot_metrics::describe();
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("cannot listen on {address} (--admin)"))?;
    tracing::info!(address = %listener.local_addr()?, "admin address");
    let render = move || {
        eyot_metrics::report_limits();
        recorder.run_upkeep();
        recorder.render()
    };
    Ok(Some((listener, Admin::new(proxy.health(), render))))
}

/// Characters of a key that is too long to be tried out: 22 of Base64 are 128 bits, 32 digits of
/// hexadecimal are as many.
const KEY_CHARS_MIN: usize = 22;
