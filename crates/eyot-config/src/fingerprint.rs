//! Whether a server is described as it was.

use std::hash::{DefaultHasher, Hash as _, Hasher};

use crate::server::{CommandConfig, ServerConfig, Transport, UrlConfig};

impl ServerConfig {
    /// Tells whether a server is as it was: all that is said of it, with its secrets, as a digest that is
    /// not to leave the process. Of interceptors only whether there are any for it alone: what they are
    /// can change while the server stays.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        let Self { transport, era, affinity, timeouts, message_bytes_max, tools, sections, .. } =
            self;
        let plain = (era.as_ref().map(|it| it.value), affinity.as_ref().map(|it| it.value));
        let times = [&timeouts.connect, &timeouts.call, &timeouts.call_total, &timeouts.question];
        format!("{plain:?}").hash(&mut hasher);
        times.map(|it| it.as_ref().map(|it| it.value)).hash(&mut hasher);
        message_bytes_max.as_ref().map(|it| it.value).hash(&mut hasher);
        for list in [&tools.include, &tools.exclude] {
            list.as_ref().map(|it| &it.value).hash(&mut hasher);
        }
        sections.is_empty().hash(&mut hasher);
        match transport {
            Transport::Command(command) => command.hash_into(&mut hasher),
            Transport::Url(url) => url.hash_into(&mut hasher),
        }
        format!("{:016x}", hasher.finish())
    }
}

impl CommandConfig {
    fn hash_into(&self, hasher: &mut impl Hasher) {
        self.program.value.expose().hash(hasher);
        for arg in &self.args {
            arg.value.expose().hash(hasher);
        }
        self.cwd.as_ref().map(|it| it.value.expose()).hash(hasher);
        for variable in &self.env {
            variable.name.hash(hasher);
            variable.value.as_ref().map(|it| it.expose()).hash(hasher);
        }
    }
}

impl UrlConfig {
    fn hash_into(&self, hasher: &mut impl Hasher) {
        (self.kind.as_str(), self.url.value.expose()).hash(hasher);
        for header in &self.headers {
            (&header.name, header.value.expose()).hash(hasher);
        }
        self.token.as_ref().map(|it| it.value.expose()).hash(hasher);
        self.proxy.as_ref().map(|it| it.value.expose()).hash(hasher);
        for path in [&self.ca, &self.client_cert, &self.client_key] {
            path.as_ref().map(|it| it.value.expose()).hash(hasher);
        }
        self.insecure_skip_verify.as_ref().map(|it| it.value).hash(hasher);
    }
}
