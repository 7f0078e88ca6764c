//! The steps below HTTP: names, addresses, sockets, TLS.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use eyot_http::{HttpClient, TlsFacts};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::timeout;

use crate::chart::Chart;
use crate::finding::Finding;
use crate::patient::Patient;
use crate::report::{Ailment, StepName};
use crate::words::listed;

/// Goes the way up to a connection that can carry requests.
pub(crate) async fn examine(
    client: &HttpClient,
    patient: &Patient,
    chart: &mut Chart<'_>,
) -> Result<(), Ailment> {
    if let Some(path) = client.authority().strip_prefix("unix:") {
        return socket(path, chart).await;
    }
    if let Some(address) = client.proxy() {
        proxy(address, chart).await?;
        let is_ours = |step: &StepName| *step != StepName::Tls || client.has_tls();
        for step in [StepName::Dns, StepName::Tcp, StepName::Tls].into_iter().filter(is_ours) {
            chart.note(step, Duration::ZERO, Finding::skipped("this goes through the proxy"));
        }
        return Ok(());
    }
    let addresses = resolve(client.authority(), chart).await?;
    let stream = connect(&addresses, chart).await?;
    if client.has_tls() { secure(client, stream, patient, chart).await } else { Ok(()) }
}

async fn socket(path: &str, chart: &mut Chart<'_>) -> Result<(), Ailment> {
    let (opened, time) =
        chart.wait(StepName::Socket, chart.patience, UnixStream::connect(path)).await;
    let finding = match opened {
        Some(Ok(_)) => {
            chart.note(StepName::Socket, time, Finding::ok(path));
            return Ok(());
        }
        Some(Err(error)) => {
            let advice = match error.kind() {
                io::ErrorKind::NotFound => "start the server, or mend the path before the `#`",
                io::ErrorKind::ConnectionRefused => {
                    "the socket is left from a server that has gone: start the server"
                }
                io::ErrorKind::PermissionDenied => {
                    "the socket belongs to another user: run this as that one"
                }
                _ => "is this the path of a socket?",
            };
            Finding::failed(format!("{path}: {error}"), advice)
        }
        None => Finding::failed(format!("{path}: {}", silence(chart)), "is the server stuck?"),
    };
    chart.end(StepName::Socket, time, (Ailment::Unreachable, finding))
}

async fn proxy(address: &str, chart: &mut Chart<'_>) -> Result<(), Ailment> {
    let connecting = TcpStream::connect(address);
    let (connected, time) = chart.wait(StepName::Proxy, chart.patience, connecting).await;
    let detail = match connected {
        Some(Ok(_)) => {
            chart.note(StepName::Proxy, time, Finding::ok(address));
            return Ok(());
        }
        Some(Err(error)) => format!("{address}: {error}"),
        None => format!("{address}: {}", silence(chart)),
    };
    let advice = "`--proxy`, or HTTPS_PROXY, HTTP_PROXY or ALL_PROXY of the environment, leads there: \
                  is it right? NO_PROXY names hosts that need no proxy";
    let finding = Finding::failed(detail, advice);
    chart.end(StepName::Proxy, time, (Ailment::Unreachable, finding))
}

/// The addresses of a host and its port. What is an address already needs no step.
async fn resolve(authority: &str, chart: &mut Chart<'_>) -> Result<Vec<SocketAddr>, Ailment> {
    if let Ok(address) = authority.parse() {
        return Ok(vec![address]);
    }
    let host = authority.rsplit_once(':').map_or(authority, |it| it.0);
    let found = async { lookup_host(authority).await.map(Iterator::collect::<Vec<_>>) };
    let (found, time) = chart.wait(StepName::Dns, chart.patience, found).await;
    let detail = match found {
        Some(Ok(mut addresses)) if !addresses.is_empty() => {
            addresses.dedup();
            let shown: Vec<_> = addresses.iter().map(|it| it.ip().to_string()).collect();
            chart.note(StepName::Dns, time, Finding::ok(listed(&shown)));
            return Ok(addresses);
        }
        Some(Ok(_)) => format!("`{host}` has no address"),
        Some(Err(error)) => format!("`{host}` has no address: {error}"),
        None => format!("`{host}`: {}", silence(chart)),
    };
    let advice = format!(
        "is the name in the URL spelled right, and is this machine in the network (or the VPN) that \
         knows it? `getent hosts {host}` asks the same"
    );
    let finding = Finding::failed(detail, advice);
    chart.end(StepName::Dns, time, (Ailment::Unreachable, finding))
}

/// A connection to one of the addresses, one after the other.
async fn connect(addresses: &[SocketAddr], chart: &mut Chart<'_>) -> Result<TcpStream, Ailment> {
    let share = u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let patience = chart.patience / share;
    let trying = async {
        let mut refusals = Vec::new();
        for address in addresses {
            match timeout(patience, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return (Some((address, stream)), refusals),
                Ok(Err(error)) => refusals.push((*address, Some(error))),
                Err(_elapsed) => refusals.push((*address, None)),
            }
        }
        (None, refusals)
    };
    // The parts are bounded already.
    let (tried, time) = chart.wait(StepName::Tcp, chart.patience * 2, trying).await;
    let (connected, refusals) = tried.unwrap_or_default();
    let is_silent = refusals.iter().any(|(_, error)| error.is_none());
    let told: Vec<_> = refusals.iter().map(|(address, error)| refusal(address, error)).collect();
    match connected {
        Some((address, stream)) => {
            let after = if told.is_empty() {
                String::new()
            } else {
                format!(", but not {}", listed(&told))
            };
            let detail = format!("{address}{after}");
            let finding = if is_silent {
                let advice = "every new connection may wait for the address that is silent: take it \
                              out of the DNS, or let the server answer there";
                Finding::warning(detail, advice)
            } else {
                Finding::ok(detail)
            };
            chart.note(StepName::Tcp, time, finding);
            Ok(stream)
        }
        None => {
            let advice = if is_silent {
                "what says nothing is most likely a firewall, or a machine that is off: is the host \
                 right, and may this machine reach it?"
            } else {
                "nothing listens there: is the server running, and is the port right?"
            };
            let finding = Finding::failed(listed(&told), advice);
            chart.end(StepName::Tcp, time, (Ailment::Unreachable, finding))
        }
    }
}

fn refusal(address: &SocketAddr, error: &Option<io::Error>) -> String {
    match error {
        Some(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            format!("{address} (refused)")
        }
        Some(error) => format!("{address} ({error})"),
        None => format!("{address} (silent)"),
    }
}

async fn secure(
    client: &HttpClient,
    stream: TcpStream,
    patient: &Patient,
    chart: &mut Chart<'_>,
) -> Result<(), Ailment> {
    let (shaken, time) =
        chart.wait(StepName::Tls, chart.patience, client.look_at_tls(stream)).await;
    let finding = match shaken {
        Some(Ok(facts)) => {
            let finding = judge_tls(&facts, patient.is_unverified, SystemTime::now());
            chart.note(StepName::Tls, time, finding);
            return Ok(());
        }
        Some(Err(refusal)) => {
            let usual = "ask who runs the server; `openssl s_client` shows more";
            Finding::failed(refusal.words, refusal.advice.unwrap_or(usual))
        }
        None => {
            let detail = format!("{} to the handshake", silence(chart));
            Finding::failed(detail, "does the server speak TLS at this port?")
        }
    };
    chart.end(StepName::Tls, time, (Ailment::Unreachable, finding))
}

/// What a certificate says, and how long it is good for.
pub(crate) fn judge_tls(facts: &TlsFacts, is_unverified: bool, now: SystemTime) -> Finding {
    let mut detail = facts.version.unwrap_or("TLS").to_owned();
    if let Some(subject) = &facts.subject {
        detail.push_str(&format!(", certificate of {subject}"));
    }
    if let Some(issuer) = &facts.issuer {
        detail.push_str(&format!(", from {issuer}"));
    }
    let left = facts.expires_at.map(|it| it.duration_since(now).map(|it| it.as_secs() / DAY_SECS));
    match left {
        Some(Ok(days)) => detail.push_str(&format!(", good for {days} more days")),
        Some(Err(_)) => detail.push_str(", expired"),
        None => {}
    }
    if is_unverified {
        let advice = "nothing was verified, because of `--insecure-skip-verify`: leave it out, and \
                      name the authority with `--ca FILE`";
        return Finding::warning(detail, advice);
    }
    match left {
        Some(Ok(days)) if days < SOON_DAYS => {
            Finding::warning(detail, "renew the certificate of the server soon")
        }
        _ => Finding::ok(detail),
    }
}

fn silence(chart: &Chart<'_>) -> String {
    format!("no answer in {:?}", chart.patience)
}

const DAY_SECS: u64 = 86_400;
/// Authorities that renew by themselves do it earlier.
const SOON_DAYS: u64 = 14;
