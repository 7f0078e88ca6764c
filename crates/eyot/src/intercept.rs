//! Interceptors on everything that is built.

use eyot_client::ClientBuilder;
use eyot_interceptors::{Boundary, InterceptorLayer, Interceptors};
use eyot_proxy::ProxyConfig;
use eyot_server::ServerBuilder;

/// Puts interceptors where they see every message: at the boundary to clients of a server, and at the
/// boundary to servers of a client and of a proxy.
///
/// ```
/// use eyot::{Intercept, Interceptor, Interceptors, Phase, Plan, PlanOptions, Server};
/// use eyot::{Validation, View};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let careful = Interceptor::validator("careful", |view: &View<'_>| {
///     Ok(match view.name().as_deref() {
///         Some("drop_database") => Validation::deny("nothing is dropped here"),
///         _ => Validation::PASS,
///     })
/// });
/// let plan = Plan::compile([careful.on(Phase::Request, ["tools/call"])], PlanOptions::default())?;
/// let server = Server::builder("calc", "1.0").intercept(&Interceptors::new(plan)).build()?;
/// # Ok(())
/// # }
/// ```
///
/// A proxy has both boundaries: [`ProxyConfig::downstream_interceptors`] is the other one. Interceptors
/// that are put there later are nearer to the server. There are none that nothing has put there: that the
/// program reports hidden characters by default is a decision of the program.
pub trait Intercept {
    /// Puts them there. They can be replaced while calls run: see [`Interceptors::replace`].
    #[must_use]
    fn intercept(self, interceptors: &Interceptors) -> Self;
}

impl Intercept for ServerBuilder {
    fn intercept(self, interceptors: &Interceptors) -> Self {
        self.layer(InterceptorLayer::new(interceptors, Boundary::Downstream))
    }
}

impl Intercept for ClientBuilder {
    fn intercept(self, interceptors: &Interceptors) -> Self {
        self.layer(InterceptorLayer::new(interceptors, Boundary::Upstream))
    }
}

impl Intercept for ProxyConfig {
    fn intercept(mut self, interceptors: &Interceptors) -> Self {
        self.upstream_interceptors.push(interceptors.clone());
        self
    }
}
