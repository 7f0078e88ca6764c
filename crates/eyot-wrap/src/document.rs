//! A file whose entries can be changed.

use std::fmt;
use std::ops::Range;

use eyot_config::{Config, Dialect, Lookup, Transport, UrlKind};

use crate::change::{Change, Outcome};
use crate::edit::{Edit, Splice, spliced};
use crate::error::{Obstacle, WrapError};
use crate::rebuild::{is_surely_ours, is_wrapped, rebuild};
use crate::tree::{Format, Member, Node, parse};
use crate::wrap::{Entry, Wrapped, Wrapper, wrap};
use crate::{mask, region};

/// The file of a client, read to be changed.
pub struct Document {
    config: Config,
    /// The text without a mark of its encoding.
    text: String,
    has_mark: bool,
    format: Format,
    root: Node,
    /// The key of the servers.
    key: String,
}

/// The debug output has no text: there are secrets in it.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("source", &self.config.source).finish_non_exhaustive()
    }
}

impl Document {
    /// Reads the file of a client. `path` is shown in messages, and tells the dialect where it is
    /// not named.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is no file of a client.
    pub fn read(path: &str, bytes: &[u8], dialect: Option<Dialect>) -> Result<Self, WrapError> {
        let config = Config::read_references(path, bytes, dialect, &Nothing);
        let problems = config.problems.iter().filter(|it| it.is_error() && it.server.is_none());
        let problems: Vec<_> = problems.cloned().collect();
        if !problems.is_empty() {
            return Err(WrapError::Unreadable { problems });
        }
        let dialect = config.dialect;
        if matches!(dialect, Dialect::Eyot | Dialect::Bundle | Dialect::Registry) {
            return Err(WrapError::NoClient { file: path.to_owned(), dialect });
        }
        let text = bytes.strip_prefix(MARK).unwrap_or(bytes);
        let has_mark = text.len() < bytes.len();
        let text = String::from_utf8_lossy(text).into_owned();
        let is_json = path.ends_with(".json") || dialect != Dialect::Codex;
        let format = if is_json { Format::Json } else { Format::Toml };
        let keys: &[&str] = match dialect {
            Dialect::Codex => &["mcp_servers"],
            Dialect::VsCode => &["servers", "mcpServers"],
            _ => &["mcpServers", "servers"],
        };
        let root = parse(&text, format);
        let key = root.as_ref().and_then(|root| keys.iter().find(|it| root.member(it).is_some()));
        let key = key.map(|it| (*it).to_owned());
        match root.zip(key) {
            Some((root, key)) => Ok(Self { config, text, has_mark, format, root, key }),
            None => Err(WrapError::NoClient { file: path.to_owned(), dialect }),
        }
    }

    /// Puts a program before the servers of these names, or before all that are enabled.
    ///
    /// # Errors
    ///
    /// A name that is not there, or an entry that was named and cannot be changed.
    pub fn wrap(&self, names: &[String], wrapper: &Wrapper) -> Result<Change<'_>, WrapError> {
        let mut done = Vec::new();
        self.change(names, |name, entry| {
            if is_wrapped(entry, &wrapper.program) {
                return Ok((Outcome::AlreadyWrapped, Vec::new()));
            }
            let (wrapped, splices) = self.wrap_entry(name, entry, wrapper)?;
            done.push((name.to_owned(), wrapped));
            Ok((Outcome::Wrapped, splices))
        })
        .and_then(|change| {
            let is_wrapped = |it: &&(String, Wrapped)| {
                change.outcomes.iter().any(|(name, to)| *name == it.0 && *to == Outcome::Wrapped)
            };
            for (name, wrapped) in done.iter().filter(is_wrapped) {
                let new = change.new.as_ref().and_then(|it| it.entry(name));
                let old = self.entry(name);
                if !old.zip(new).is_some_and(|(old, new)| wrapped.is_done(old, new)) {
                    return Err(self.refused(name, Obstacle::form()));
                }
            }
            Ok(change)
        })
    }

    /// Takes the program away from before the servers of these names, or from before all.
    ///
    /// `earlier` are texts that the file had before, the newest first. An entry that was not edited
    /// since is put back as it is in one of them, byte for byte.
    ///
    /// # Errors
    ///
    /// A name that is not there, or an entry that was named and cannot be changed.
    pub fn unwrap(
        &self,
        names: &[String],
        earlier: &[Vec<u8>],
        program: &str,
    ) -> Result<Change<'_>, WrapError> {
        let read = |it: &Vec<u8>| Self::read(self.path(), it, Some(self.config.dialect)).ok();
        let earlier: Vec<_> = earlier.iter().filter_map(read).collect();
        self.change(names, |name, entry| {
            if let Some(splice) = earlier.iter().find_map(|it| self.put_back(name, entry, it)) {
                return Ok((Outcome::Unwrapped, vec![splice]));
            }
            if !is_wrapped(entry, program) {
                return Ok((Outcome::NotWrapped, Vec::new()));
            }
            if names.is_empty() && !is_surely_ours(entry) {
                let reason = "may have been written like this, and no backup has it as it was: name it \
                              to make it of what stands there";
                return Err(Obstacle::new(reason));
            }
            let mut edit = Edit::new(&self.text, self.format);
            rebuild(&mut edit, entry, self.config.dialect)?;
            Ok((Outcome::Rebuilt, edit.into_splices()))
        })
        .and_then(|change| {
            let is_readable = |(name, outcome): &&(String, Outcome)| {
                let new = change.new.as_ref();
                *outcome != Outcome::Rebuilt || new.is_some_and(|it| it.config.server(name).is_ok())
            };
            match change.outcomes.iter().find(|it| !is_readable(it)) {
                Some((name, _)) => Err(self.refused(name, Obstacle::form())),
                None => Ok(change),
            }
        })
    }

    /// The path, as it was given.
    pub fn path(&self) -> &str {
        &self.config.source
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mark = if self.has_mark { MARK } else { &[] };
        [mark, self.text.as_bytes()].concat()
    }

    /// The text without its secrets.
    pub(crate) fn masked(&self) -> String {
        mask::masked(&self.text, self.format, &self.root)
    }

    /// The first argument of an entry.
    pub(crate) fn command(&self, name: &str) -> Option<&str> {
        self.entry(name)?.member("args")?.node.elements().first()?.text()
    }

    fn entry(&self, name: &str) -> Option<&Node> {
        self.root.member(&self.key)?.node.member(name).map(|it| &it.node)
    }

    /// Changes entries by what `of_entry` does with each.
    fn change(
        &self,
        names: &[String],
        mut of_entry: impl FnMut(&str, &Node) -> Result<(Outcome, Vec<Splice>), Obstacle>,
    ) -> Result<Change<'_>, WrapError> {
        let is_named = !names.is_empty();
        let all = self.config.names();
        if let Some(name) = names.iter().find(|it| !all.contains(it)) {
            let (file, name, names) = (self.path().to_owned(), name.clone(), all.to_vec());
            return Err(WrapError::NoServer { file, name, names });
        }
        let enabled = self.config.enabled_names();
        let (mut outcomes, mut splices): (Vec<(String, Outcome)>, _) = (Vec::new(), Vec::new());
        for name in if is_named { names } else { all } {
            if outcomes.iter().any(|it| it.0 == *name) {
                continue;
            }
            let Some(entry) = self.entry(name) else { continue };
            let outcome = match of_entry(name, entry) {
                Ok((Outcome::Wrapped, _)) if !is_named && !enabled.contains(&name.as_str()) => {
                    Outcome::Disabled
                }
                Ok((outcome, of_entry)) => {
                    splices.extend(of_entry);
                    outcome
                }
                Err(obstacle) if is_named => return Err(self.refused(name, obstacle)),
                Err(Obstacle(reason)) => Outcome::Refused(reason),
            };
            outcomes.push((name.clone(), outcome));
        }
        let changed = outcomes.iter().filter(|it| it.1.is_change()).map(|it| it.0.as_str());
        let changed: Vec<_> = changed.collect();
        let new = match changed.first() {
            None => None,
            Some(first) => {
                let new = self.spliced(&splices, &changed);
                Some(new.ok_or_else(|| self.refused(first, Obstacle::form()))?)
            }
        };
        Ok(Change { old: self, new, outcomes })
    }

    /// The document with other entries; `None` if it would not be one, or if anything else in it
    /// would say something else.
    fn spliced(&self, splices: &[Splice], changed: &[&str]) -> Option<Self> {
        let text = spliced(&self.text, splices)?;
        let bytes =
            if self.has_mark { [MARK, text.as_bytes()].concat() } else { text.into_bytes() };
        let new = Self::read(self.path(), &bytes, Some(self.config.dialect)).ok()?;
        let names = |it: &Self| it.config.names().to_vec();
        let others = |it: &Self| {
            let other = |name: &&Member| !changed.contains(&name.key.as_str());
            let servers = it.root.member(&it.key).map(|it| it.node.members()).unwrap_or_default();
            let others = it.root.members().iter().filter(|member| member.key != it.key);
            others.chain(servers.iter().filter(other)).cloned().collect::<Vec<_>>()
        };
        let (old_others, new_others) = (others(self), others(&new));
        let is_same =
            |(old, new): (&Member, &Member)| old.key == new.key && old.node.is_same(&new.node);
        let are_same =
            old_others.len() == new_others.len() && old_others.iter().zip(&new_others).all(is_same);
        (are_same && names(self) == names(&new)).then_some(new)
    }

    fn wrap_entry(
        &self,
        name: &str,
        entry: &Node,
        wrapper: &Wrapper,
    ) -> Result<(Wrapped, Vec<Splice>), Obstacle> {
        let server = match self.config.server(name) {
            Ok(Some(server)) => server,
            Ok(None) => return Err(Obstacle::form()),
            Err(problems) => {
                let problems: Vec<_> = problems.iter().map(|it| it.message.as_str()).collect();
                return Err(Obstacle::new(format!("cannot be read: {}", problems.join("; "))));
            }
        };
        let is_sse = matches!(&server.transport, Transport::Url(url) if url.kind == UrlKind::Sse);
        let entry = Entry { node: entry, dialect: self.config.dialect, is_sse };
        let mut edit = Edit::new(&self.text, self.format);
        let wrapped = wrap(&mut edit, &entry, wrapper)?;
        Ok((wrapped, edit.into_splices()))
    }

    /// Puts an entry back as it was in an earlier text, if wrapping that gives what is here now.
    fn put_back(&self, name: &str, entry: &Node, earlier: &Self) -> Option<Splice> {
        let program = entry.member("command")?.node.text()?;
        let words = entry.member("args")?.node.words()?;
        let before = earlier.entry(name)?;
        let mut wrapper = Wrapper { program: program.to_owned(), flags: Vec::new() };
        let (plain, _) = earlier.wrap_entry(name, before, &wrapper).ok()?;
        let flags = words.len().checked_sub(plain.words.len())?;
        let flags = words.get(plain.flags_at..plain.flags_at + flags)?;
        wrapper.flags = flags.to_vec();
        let (_, splices) = earlier.wrap_entry(name, before, &wrapper).ok()?;
        let again = earlier.spliced(&splices, &[name])?;
        if again.text == self.text {
            return Some(Splice { span: 0..self.text.len(), put: earlier.text.clone() });
        }
        let (now, then) = (self.region(name)?, again.region(name)?);
        (self.text.get(now.clone()) == again.text.get(then)).then_some(())?;
        let put = earlier.text.get(earlier.region(name)?)?.to_owned();
        Some(Splice { span: now, put })
    }

    fn region(&self, name: &str) -> Option<Range<usize>> {
        region::of_entry(&self.text, self.format, &self.root, &self.key, name)
    }

    fn refused(&self, name: &str, Obstacle(reason): Obstacle) -> WrapError {
        let server = self.config.server(name);
        let at = match &server {
            Ok(server) => server.map(|it| it.at),
            Err(problems) => problems.iter().find_map(|it| it.at),
        };
        let at = at.map(|it| format!(":{it}")).unwrap_or_default();
        WrapError::Entry { place: format!("{}{at}", self.path()), name: name.to_owned(), reason }
    }
}

/// Nothing that a file refers to is read here.
struct Nothing;

impl Lookup for Nothing {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn file(&self, _: &str) -> Result<String, String> {
        Err("not read".to_owned())
    }

    fn workspace_folder(&self) -> Option<String> {
        None
    }

    fn home(&self) -> Option<String> {
        None
    }
}

/// The mark of UTF-8 that some editors write.
const MARK: &[u8] = b"\xef\xbb\xbf";
