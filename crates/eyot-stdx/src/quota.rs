//! Bounds on what may be kept for others: in all and for each principal, in things and in bytes.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

/// Bounds of a [`Quota`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaLimits {
    /// Things of all principals together.
    pub things_max: usize,
    /// Bytes that the things of all principals take together.
    pub bytes_max: usize,
    /// Things of one principal.
    pub principal_things_max: usize,
    /// Bytes that the things of one principal take together.
    pub principal_bytes_max: usize,
}

impl QuotaLimits {
    /// A bound on the number of things only: bytes are counted without a bound, and one principal
    /// may have all.
    #[must_use]
    pub const fn things(things_max: usize) -> Self {
        let bytes_max = usize::MAX;
        Self {
            things_max,
            bytes_max,
            principal_things_max: things_max,
            principal_bytes_max: bytes_max,
        }
    }

    /// This number of things in so many bytes; one principal may have all of both.
    #[must_use]
    pub const fn with_bytes(self, bytes_max: usize) -> Self {
        Self { bytes_max, principal_bytes_max: bytes_max, ..self }
    }

    /// Leaves room for so many principals: none gets more than its part of the whole, rounded up.
    #[must_use]
    pub const fn shared_by(self, principals: usize) -> Self {
        let parts = if principals == 0 { 1 } else { principals };
        Self {
            principal_things_max: self.things_max.div_ceil(parts),
            principal_bytes_max: self.bytes_max.div_ceil(parts),
            ..self
        }
    }
}

/// Counts what is kept for others and refuses what goes beyond its bounds.
///
/// All clients without a name are one principal: they share what one client with a name may have. A
/// clone counts in the books of the original. The one lock is held for a look-up and an addition,
/// and no other lock is taken under it; only the first permit of a named principal allocates.
#[derive(Clone, Debug)]
pub struct Quota {
    /// The owner of the permits of all clients without a name.
    anonymous: Arc<Owner>,
}

/// A look at a quota that does not keep it.
#[derive(Clone, Debug)]
pub struct WeakQuota(Weak<Owner>);

/// A permit to keep one thing of so many bytes. Dropping it gives both back.
#[derive(Debug)]
#[must_use = "what is acquired is given back when the permit is dropped"]
pub struct QuotaPermit {
    // The permit is two words: there is one for every session.
    owner: Arc<Owner>,
    bytes: usize,
}

/// How many things and bytes are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaUsage {
    /// How many permits are out.
    pub things: usize,
    /// The bytes of these permits.
    pub bytes: usize,
}

/// The bound that a request would break; nothing was acquired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaFull {
    /// Whether the bound is that of all or of one principal.
    pub scope: QuotaScope,
    /// The unit of the bound.
    pub unit: QuotaUnit,
    /// The bound.
    pub max: usize,
}

/// The scope of a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaScope {
    /// The bound of all principals together.
    All,
    /// The bound of the principal that asks.
    Principal,
}

/// The unit of a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaUnit {
    /// Permits.
    Things,
    /// Bytes of permits.
    Bytes,
}

/// A principal with permits of one quota.
#[derive(Debug)]
struct Owner {
    shared: Arc<Shared>,
    principal: Option<Arc<str>>,
}

#[derive(Debug)]
struct Shared {
    limits: QuotaLimits,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    all: QuotaUsage,
    anonymous: QuotaUsage,
    /// The principals that have permits. An account is closed with its last permit; that also ends
    /// the circle from these books to an owner and back.
    named: HashMap<Arc<str>, Account>,
}

#[derive(Debug)]
struct Account {
    owner: Arc<Owner>,
    usage: QuotaUsage,
}

impl Quota {
    /// A quota of which nothing is taken.
    #[must_use]
    pub fn new(limits: QuotaLimits) -> Self {
        let shared = Arc::new(Shared { limits, books: Mutex::default() });
        Self { anonymous: Arc::new(Owner { shared, principal: None }) }
    }

    /// The bounds.
    #[must_use]
    pub fn limits(&self) -> QuotaLimits {
        self.anonymous.shared.limits
    }

    /// A permit to keep one thing more, of so many bytes. `None` is every client without a name.
    ///
    /// # Errors
    ///
    /// [`QuotaFull`] says which bound is reached.
    pub fn acquire(
        &self,
        principal: Option<&Arc<str>>,
        bytes: usize,
    ) -> Result<QuotaPermit, QuotaFull> {
        let shared = &self.anonymous.shared;
        let mut books = shared.books.lock();
        let owner = match principal {
            None => Arc::clone(&self.anonymous),
            Some(name) => books.named.get(name).map_or_else(
                || {
                    Arc::new(Owner {
                        shared: Arc::clone(shared),
                        principal: Some(Arc::clone(name)),
                    })
                },
                |account| Arc::clone(&account.owner),
            ),
        };
        books.add(&owner, QuotaUsage { things: 1, bytes })?;
        Ok(QuotaPermit { owner, bytes })
    }

    /// The usage of all principals together.
    #[must_use]
    pub fn usage(&self) -> QuotaUsage {
        self.anonymous.shared.books.lock().all
    }

    /// A look at the quota, for as long as there is one.
    #[must_use]
    pub fn downgrade(&self) -> WeakQuota {
        WeakQuota(Arc::downgrade(&self.anonymous))
    }

    /// The usage of one principal; `None` is every client without a name.
    #[must_use]
    pub fn usage_of(&self, principal: Option<&str>) -> QuotaUsage {
        self.anonymous.shared.books.lock().of(principal)
    }
}

impl WeakQuota {
    /// The quota; `None` when it is gone, and every permit of a client without a name with it.
    #[must_use]
    pub fn upgrade(&self) -> Option<Quota> {
        Some(Quota { anonymous: self.0.upgrade()? })
    }
}

impl QuotaPermit {
    /// The principal that the permit belongs to.
    #[must_use]
    pub fn principal(&self) -> Option<&Arc<str>> {
        self.owner.principal.as_ref()
    }

    /// The bytes that the permit stands for.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes this many more bytes.
    ///
    /// # Errors
    ///
    /// [`QuotaFull`] says which bound is reached; the permit stays as it was.
    pub fn grow(&mut self, bytes: usize) -> Result<(), QuotaFull> {
        let more = QuotaUsage { things: 0, bytes };
        self.owner.shared.books.lock().add(&self.owner, more)?;
        self.bytes += bytes;
        Ok(())
    }

    /// Gives this many bytes back, at most all that the permit has.
    pub fn shrink(&mut self, bytes: usize) {
        let less = QuotaUsage { things: 0, bytes: bytes.min(self.bytes) };
        self.owner.shared.books.lock().subtract(self.owner.name(), less);
        self.bytes -= less.bytes;
    }
}

impl Drop for QuotaPermit {
    fn drop(&mut self) {
        let all = QuotaUsage { things: 1, bytes: self.bytes };
        self.owner.shared.books.lock().subtract(self.owner.name(), all);
    }
}

impl Owner {
    fn name(&self) -> Option<&str> {
        self.principal.as_deref()
    }
}

impl Books {
    fn of(&self, principal: Option<&str>) -> QuotaUsage {
        match principal {
            None => self.anonymous,
            Some(name) => self.named.get(name).map_or_else(QuotaUsage::default, |it| it.usage),
        }
    }

    /// Adds to an account, and opens it if it is new; changes nothing if that would break a bound.
    fn add(&mut self, owner: &Arc<Owner>, more: QuotaUsage) -> Result<(), QuotaFull> {
        let limits = &owner.shared.limits;
        let all = self.all.plus(more);
        let own = self.of(owner.name()).plus(more);
        all.check(QuotaScope::All, limits.things_max, limits.bytes_max)?;
        let (things_max, bytes_max) = (limits.principal_things_max, limits.principal_bytes_max);
        own.check(QuotaScope::Principal, things_max, bytes_max)?;
        self.all = all;
        match &owner.principal {
            None => self.anonymous = own,
            Some(name) => match self.named.get_mut(name) {
                Some(account) => account.usage = own,
                None => {
                    let account = Account { owner: Arc::clone(owner), usage: own };
                    self.named.insert(Arc::clone(name), account);
                }
            },
        }
        Ok(())
    }

    /// Subtracts what was added before, and closes an account that has nothing left.
    fn subtract(&mut self, principal: Option<&str>, less: QuotaUsage) {
        self.all = self.all.minus(less);
        let Some(name) = principal else {
            self.anonymous = self.anonymous.minus(less);
            return;
        };
        if let Some(account) = self.named.get_mut(name) {
            account.usage = account.usage.minus(less);
            if account.usage.things == 0 {
                self.named.remove(name);
            }
        }
    }
}

impl QuotaUsage {
    fn plus(self, more: Self) -> Self {
        Self {
            things: self.things.saturating_add(more.things),
            bytes: self.bytes.saturating_add(more.bytes),
        }
    }

    fn minus(self, less: Self) -> Self {
        Self {
            things: self.things.saturating_sub(less.things),
            bytes: self.bytes.saturating_sub(less.bytes),
        }
    }

    fn check(
        self,
        scope: QuotaScope,
        things_max: usize,
        bytes_max: usize,
    ) -> Result<(), QuotaFull> {
        let full = |unit, max| Err(QuotaFull { scope, unit, max });
        match self {
            Self { things, .. } if things > things_max => full(QuotaUnit::Things, things_max),
            Self { bytes, .. } if bytes > bytes_max => full(QuotaUnit::Bytes, bytes_max),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for QuotaFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            QuotaUnit::Things => "",
            QuotaUnit::Bytes => " bytes",
        };
        let scope = match self.scope {
            QuotaScope::All => "in all",
            QuotaScope::Principal => "of one principal",
        };
        write!(f, "at most {}{unit} {scope}", self.max)
    }
}

impl Error for QuotaFull {}

#[cfg(test)]
mod tests;
