//! An HTTP upstream that does what the test says.

use std::net::SocketAddr;
use std::pin::Pin;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::exchange::Line;
use super::http::{Framing, Reader};
use super::{Exchange, Habits, no_tools, within};

/// Takes one request and makes sure that it is answered.
pub(crate) type Handler =
    Arc<dyn Fn(Exchange) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// An upstream that listens. Dropping it closes everything.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    exchanges: mpsc::Receiver<Exchange>,
    accepting: JoinSet<()>,
}

impl Upstream {
    /// Every request comes to the test, `initialize` too.
    pub(crate) async fn bare() -> Self {
        let (sender, exchanges) = mpsc::channel(QUEUE);
        let handler: Handler = Arc::new(move |exchange| {
            let sender = sender.clone();
            Box::pin(async move { drop(sender.send(exchange).await) })
        });
        Self::serve(handler, exchanges).await
    }

    /// `habits` does what every server does; the test gets the other requests.
    pub(crate) async fn with(habits: &Habits) -> Self {
        let (sender, exchanges) = mpsc::channel(QUEUE);
        let habits = habits.clone();
        let handler: Handler = Arc::new(move |exchange| {
            let (sender, habits) = (sender.clone(), habits.clone());
            Box::pin(async move {
                if let Some(rest) = habits.answer(exchange).await {
                    drop(sender.send(rest).await);
                }
            })
        });
        Self::serve(handler, exchanges).await
    }

    /// Every request goes to `handler`; the test gets none.
    pub(crate) async fn handled(handler: Handler) -> Self {
        let (_sender, exchanges) = mpsc::channel(1);
        Self::serve(handler, exchanges).await
    }

    /// Like [`Self::handled`], at an address where another one has listened.
    pub(crate) async fn handled_at(address: SocketAddr, handler: Handler) -> Self {
        let (_sender, exchanges) = mpsc::channel(1);
        let binding = async {
            loop {
                // A client may have got the port for its own end of a connection meanwhile.
                match TcpListener::bind(address).await {
                    Ok(listener) => return listener,
                    Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            }
        };
        Self::serve_on(within("the address", binding).await, handler, exchanges)
    }

    /// Closes the listener and the connections, and waits for it.
    pub(crate) async fn close(mut self) {
        self.accepting.shutdown().await;
    }

    async fn serve(handler: Handler, exchanges: mpsc::Receiver<Exchange>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::serve_on(listener, handler, exchanges)
    }

    fn serve_on(
        listener: TcpListener,
        handler: Handler,
        exchanges: mpsc::Receiver<Exchange>,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, handler));
        Self { address, exchanges, accepting }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// The next request that the test must answer.
    pub(crate) async fn next(&mut self) -> Exchange {
        within("a request at the upstream", self.exchanges.recv()).await.expect("it listens")
    }

    /// The next call; the session's own stream is refused.
    pub(crate) async fn next_call(&mut self) -> Exchange {
        loop {
            let exchange = self.next().await;
            match exchange.http_method() {
                "GET" => exchange.status(405).await,
                // A call by a tool that is not known yet is held against the list of tools first.
                _ if exchange.method() == "tools/list" => exchange.result(no_tools()).await,
                _ => return exchange,
            }
        }
    }

    /// The next request, which must have this method.
    pub(crate) async fn expect(&mut self, method: &str) -> Exchange {
        let mut exchange = self.next().await;
        // A call by a tool that is not known yet is held against the list of tools first.
        while exchange.method() == "tools/list" && method != "tools/list" {
            exchange.result(no_tools()).await;
            exchange = self.next().await;
        }
        assert_eq!(exchange.method(), method, "{}", exchange.text);
        exchange
    }
}

async fn accept(listener: TcpListener, handler: Handler) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        connections.spawn(serve_connection(stream, Arc::clone(&handler)));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve_connection(stream: TcpStream, handler: Handler) {
    let (reader, mut writer) = stream.into_split();
    let mut reader = Reader::new(reader);
    while let Some(back) = serve_one(&mut reader, writer, &handler).await {
        writer = back;
    }
}

/// One request and its answer; `None` when the connection is over.
async fn serve_one(
    reader: &mut Reader<tokio::net::tcp::OwnedReadHalf>,
    writer: OwnedWriteHalf,
    handler: &Handler,
) -> Option<OwnedWriteHalf> {
    let head = reader.idle_head().await?;
    let body = reader.body(head.framing(Framing::Length(0))).await?;
    let (done, finished) = oneshot::channel();
    let (closing, is_closed) = watch::channel(false);
    let exchange = Exchange::new(head, body, Line { writer, done, is_closed });
    let mut answering = pin!(async {
        handler(exchange).await;
        finished.await.ok()
    });
    tokio::select! {
        biased;
        back = &mut answering => back,
        () = reader.ended() => {
            closing.send_replace(true);
            answering.await;
            None
        }
    }
}

/// Requests that may wait for the test.
const QUEUE: usize = 1_024;
