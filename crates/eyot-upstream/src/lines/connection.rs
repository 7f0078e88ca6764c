//! An upstream at the end of a link of lines: the handle that callers hold.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use eyot_jsonrpc::{Id, Message, Request, UpstreamId};
use eyot_service::{Fault, Limits, Messages, Reply, ReplyItem};
use eyot_types::Era;
use eyot_types::codes::Outcome;
use futures_core::Stream;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::SendTimeoutError;

use crate::driver;
use crate::http_link::HttpLink;
use crate::lines::driver::{LineDriver, Shared};
use crate::lines::item_queue::{ItemReceiver, item_queue};
use crate::lines::link::LineLink;
use crate::lines::order::{LinkEnd, Order, SharedEnd};
use crate::lines::sse::NoSse;
use crate::lines::standalone_queue::StandaloneQueue;
use crate::target::{Runtime, Target};
use crate::upstream_ids::UpstreamIds;

/// One link of lines, moved on by its [`LineDriver`]. Dropping the last handle ends the link in
/// order.
#[derive(Clone)]
pub struct LineConnection {
    orders: mpsc::Sender<Order>,
    standalone: StandaloneQueue,
    ids: Arc<UpstreamIds>,
    end: SharedEnd,
    limits: Arc<Limits>,
}

impl LineConnection {
    /// Starts the child of `target` for a principal, attaches to its server of this process, or
    /// takes its stream. The driver must be polled for the link to move.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when the child cannot be started, there are too many, the stream is used up, or
    /// the target is a URL.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future starts nothing; a stream may be used up.
    pub async fn open(
        target: &Target,
        era: Era,
        owner: Option<&Arc<str>>,
        runtime: &Runtime,
    ) -> Result<(Self, LineDriver), Fault> {
        let link = LineLink::open(target, owner, runtime).await?;
        Ok(Self::new(link, era, runtime))
    }

    /// Opens a link whose driver is a task of its own.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub(crate) async fn start(
        target: &Target,
        era: Era,
        owner: Option<&Arc<str>>,
        runtime: &Runtime,
    ) -> Result<Self, Fault> {
        let (connection, driver) = Self::open(target, era, owner, runtime).await?;
        driver::spawn(runtime, driver.run());
        Ok(connection)
    }

    /// Opens the old transport of a URL, with a driver that is a task of its own.
    pub(crate) async fn start_sse(link: &HttpLink, runtime: &Runtime) -> Result<Self, NoSse> {
        let link = LineLink::over_sse(link, &runtime.limits).await?;
        let (connection, driver) = Self::new(link, Era::Legacy, runtime);
        driver::spawn(runtime, driver.run());
        Ok(connection)
    }

    fn new(link: LineLink, era: Era, runtime: &Runtime) -> (Self, LineDriver) {
        let Runtime { limits, shutdown, .. } = runtime;
        let (orders, receiver) = mpsc::channel(limits.calls.queue_messages_max);
        let standalone = StandaloneQueue::new(&limits.calls);
        let end = SharedEnd::default();
        let shared =
            Shared { standalone: standalone.clone(), end: end.clone(), limits: Arc::clone(limits) };
        let driver = LineDriver::new(link, era, receiver, shutdown.clone(), shared);
        let limits = Arc::clone(limits);
        (Self { orders, standalone, ids: Arc::default(), end, limits }, driver)
    }

    /// Sends a request, and waits for the first message that comes back: the answer, or what
    /// precedes it. If the upstream has provably not seen the request, that is a fault.
    ///
    /// A stream that ends without an answer belongs to a call that was cancelled.
    pub(crate) async fn request(&self, request: Request) -> Result<Reply, Fault> {
        let (items, receiver) = item_queue(&self.limits.calls);
        let ours = self.ids.next();
        let order = Order::Request { ours, request, items };
        self.orders.send(order).await.map_err(|_closed| self.lost())?;
        let orders = self.orders.clone();
        let mut items = CallItems { first: None, receiver, ours, orders, is_over: false };
        match poll_fn(|cx| items.poll_item(cx)).await {
            Some(Ok(ReplyItem::Message { message, .. })) => match message.into_response() {
                Ok(answer) => Ok(Reply::One(answer)),
                Err(other) => {
                    items.first = Some(Ok(other.into()));
                    Ok(Reply::Stream(Messages::new(items)))
                }
            },
            Some(Err(fault)) => Err(fault),
            first => {
                items.is_over |= first.is_none();
                items.first = first;
                Ok(Reply::Stream(Messages::new(items)))
            }
        }
    }

    /// Sends a notification or a response.
    pub(crate) async fn send(&self, message: Message) -> Result<(), Fault> {
        self.order(Order::Send(message)).await
    }

    /// Cancels the call that the caller calls `id`, with the caller's own notification.
    pub(crate) async fn cancel(&self, id: Id, message: Message) -> Result<(), Fault> {
        self.order(Order::Cancel { id, message }).await
    }

    /// Gives the driver an order that has no answer.
    async fn order(&self, order: Order) -> Result<(), Fault> {
        let timeout = self.limits.calls.timeout;
        self.orders.send_timeout(order, timeout).await.map_err(|error| match error {
            SendTimeoutError::Timeout(_) => Fault::timed_out(timeout),
            SendTimeoutError::Closed(_) => self.lost(),
        })
    }

    /// Takes the peer for one of this era from now on.
    pub async fn speak(&self, era: Era) {
        // Should the link have ended, the next request says so.
        drop(self.orders.send(Order::Speak(era)).await);
    }

    /// The messages that belong to no call.
    pub(crate) fn listen(&self) -> Messages {
        Messages::new(self.standalone.listen())
    }

    /// Whether the link lives.
    pub(crate) fn is_open(&self) -> bool {
        !self.orders.is_closed()
    }

    /// Why the link has ended.
    pub(crate) fn end_reason(&self) -> String {
        self.how_it_ended().reason
    }

    fn how_it_ended(&self) -> LinkEnd {
        self.end.get().unwrap_or_else(|| LinkEnd::new("upstream has ended"))
    }

    fn lost(&self) -> Fault {
        self.how_it_ended().fault(Outcome::NotSent)
    }
}

impl fmt::Debug for LineConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineConnection").field("is_open", &self.is_open()).finish_non_exhaustive()
    }
}

/// The messages of one call.
struct CallItems {
    /// What has been taken from the queue already.
    first: Option<Result<ReplyItem, Fault>>,
    receiver: ItemReceiver,
    ours: UpstreamId,
    orders: mpsc::Sender<Order>,
    is_over: bool,
}

impl Stream for CallItems {
    type Item = Result<ReplyItem, Fault>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(first)),
            None => self.poll_item(cx),
        }
    }
}

impl CallItems {
    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<ReplyItem, Fault>>> {
        let item = ready!(self.receiver.poll_item(cx));
        self.is_over |= match &item {
            Some(Ok(item)) => item.is_answer(),
            Some(Err(_)) | None => true,
        };
        Poll::Ready(item)
    }
}

impl Drop for CallItems {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        // Should the queue be full, the driver will drop the answer.
        if let Err(error) = self.orders.try_send(Order::Forget(self.ours)) {
            tracing::debug!(%error, "call was dropped without telling the upstream");
        }
    }
}
