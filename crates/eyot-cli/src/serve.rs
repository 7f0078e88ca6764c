//! `eyot serve`.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use eyot::EraMode;
use eyot::service::ServiceLayer;
use eyot::session::Store;
use eyot::{
    AddressPolicy, Admin, Affinity, AllowList, ApiKey, ClientCertificates, Command, Drained,
    ForwardConfig, HostPolicy, Keys, Limits, Proxies, ProxyConfig, ReverseProxy, StoreUrl, Target,
};
use eyot_interception::{
    InterceptionDriver, InterceptionFiles, PolicyFile, Reread, SettingsFiles, keep_fresh,
};
use futures_util::future::BoxFuture;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::args::{KeySource, Listen, ListenAt, Serve, SpokenTransport};
use crate::failure::Failure;
use crate::signals::Signals;
use crate::tls_files::TlsFiles;
use crate::{config, descriptors, places, policy, secrets, socket, transport, writer};

mod metrics;
mod place;

pub(crate) use self::place::Place;
use crate::config::{ManyFiles, World};

/// Runs the command.
pub(crate) fn run(mut serve: Serve, is_json: bool) -> anyhow::Result<()> {
    if !serve.from.wants_all() {
        config::fill_serve(&mut serve)?;
    }
    config::fill_policy(&mut serve.listen.policy, &serve.from);
    let limits = limits(&serve.listen);
    let place = place_of(&serve, limits)?;
    let Serve { listen, era, affinity, from, .. } = serve;
    let only = from.server.as_deref();
    let settings = config::settings_files(listen.interceptors.as_ref(), &from, only);
    let (era, affinity) = (era.unwrap_or_default().into(), affinity.unwrap_or_default().into());
    let layers = from.tools.layer();
    let upstream = Upstream { place, era, affinity, limits, layers, settings };
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
    /// The files that say which interceptors stand before it.
    pub(crate) settings: SettingsFiles,
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
    let Upstream { place, era, affinity, limits, layers, settings } = upstream;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut signals = Signals::new().context("signals cannot be received")?;
        let recorder = listen.admin.map(|_| metrics::install()).transpose()?;
        let tls = TlsFiles::open(&listen.tls)?;
        let policy = policy::open(listen.policy.as_ref())?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let bound = socket::listen(&listen.listen, scheme).await?;
        let url = bound.url(place.endpoint());
        let mut config = proxy_config(listen, tls.as_ref(), store_of(listen, &place)?, limits)?;
        (config.era, config.affinity, config.layers) = (era, affinity, layers);
        config.policy = policy.as_ref().map(PolicyFile::live);
        let shutdown = config.endpoint.shutdown.clone();
        let (interceptors, driver) = intercepting(settings, &mut config).await?;
        let (proxy, servers) = place.proxy(config, interceptors.plans());
        stand_before(&interceptors, proxy.server_names())?;
        let servers =
            servers.map(|files| Servers { files, proxy: &proxy, interceptors: &interceptors });
        let of_servers: &dyn Reread = servers.as_ref().map_or(&interceptors, |it| it);
        let others = [tls.as_ref().map(|it| it as &dyn Reread), policy.as_ref().map(|it| it as _)];
        let files: Vec<_> = others.into_iter().flatten().chain([of_servers]).collect();
        let has_files = files.iter().any(|it| !it.files().is_empty());
        let hangup = Notify::new();
        let admin = admin(listen, &proxy, recorder.clone()).await?;
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
            () = signals.pass_on(&shutdown, has_files.then_some(|| hangup.notify_one())) => {}
            never = async { tokio::join!(keep_fresh(&files, &hangup), driver.run()).0 } => never,
            () = metrics::keep_small(recorder.as_ref()) => {}
        }
        drop(bound.file);
        Ok(())
    })
}

/// The interceptors of files, put into a proxy, and what keeps them up to date.
pub(crate) async fn intercepting(
    files: SettingsFiles,
    config: &mut ProxyConfig,
) -> anyhow::Result<(InterceptionFiles, InterceptionDriver)> {
    let opened = InterceptionFiles::open(files, config).await;
    Ok(opened.map_err(|it| Failure::usage(it.to_string()))?)
}

/// Refuses rules that choose a server which the gateway does not have.
pub(crate) fn stand_before(
    interceptors: &InterceptionFiles,
    servers: Option<Vec<String>>,
) -> anyhow::Result<()> {
    let checked = interceptors.stand_before(servers);
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

/// The servers of files, and what stands before them: they are of one file, and change together.
struct Servers<'a> {
    files: Box<ManyFiles>,
    proxy: &'a ReverseProxy,
    interceptors: &'a InterceptionFiles,
}

impl Servers<'_> {
    async fn reload(&self) -> anyhow::Result<usize> {
        let mut gateway = self.files.load()?;
        // No server is there before what stands before it.
        let names = gateway.servers.iter().map(|it| it.name.clone()).collect();
        self.interceptors.reload(Some(names)).await?;
        ManyFiles::intercept(&mut gateway, self.interceptors.plans());
        let count = gateway.servers.len();
        self.proxy.reload(gateway);
        Ok(count)
    }
}

impl Reread for Servers<'_> {
    fn files(&self) -> Vec<PathBuf> {
        [self.files.from.config.clone(), self.interceptors.files()].concat()
    }

    fn reread(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            match self.reload().await {
                Ok(servers) => {
                    tracing::info!(servers, "servers and interceptors are read again");
                }
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::error!(
                        error,
                        "the new servers and interceptors cannot be used; the old ones stay"
                    );
                }
            }
        })
    }
}

fn store_of(listen: &Listen, place: &Place) -> anyhow::Result<Arc<dyn Store>> {
    let store = match (&listen.store, place) {
        (Some(store), _) => store.clone(),
        (None, Place::Target(target)) => StoreUrl::Sqlite(places::default_store(target)?),
        (None, Place::Many(files, _)) => {
            StoreUrl::Sqlite(places::store_of_files(&files.from.config)?)
        }
        (None, Place::Named(_)) => {
            StoreUrl::Sqlite(places::state_folder()?.join("sessions-forward.db"))
        }
    };
    store.open(listen.durability).with_context(|| format!("cannot open the store {store}"))
}

fn proxy_config(
    listen: &Listen,
    tls: Option<&TlsFiles>,
    store: Arc<dyn Store>,
    limits: Limits,
) -> anyhow::Result<ProxyConfig> {
    let mut config = ProxyConfig::new(store);
    config.endpoint.node.address.clone_from(&listen.node_address);
    config.endpoint.node.name.clone_from(&listen.node_name);
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
    recorder: Option<PrometheusHandle>,
) -> anyhow::Result<Option<(TcpListener, Admin)>> {
    let (Some(address), Some(recorder)) = (listen.admin, recorder) else { return Ok(None) };
    anyhow::ensure!(
        address.ip().is_loopback() || listen.admin_exposed,
        "--admin {address} can be reached by others and asks for no keys: choose an address of this \
         machine, or say --admin-exposed"
    );
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
