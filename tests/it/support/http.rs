//! HTTP/1.1 on a socket, as both ends read it.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::within;

/// The lines before a body.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) first_line: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Head {
    fn parse(text: &str) -> Self {
        let mut lines = text.split("\r\n");
        let first_line = lines.next().unwrap_or_default().to_owned();
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        Self { first_line, headers: lines.filter_map(header).collect() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|it| it.0 == name).map(|it| it.1.as_str())
    }

    /// The framing of the body that follows. `default` is for a head that does not tell.
    pub(crate) fn framing(&self, default: Framing) -> Framing {
        if self.header("transfer-encoding").is_some() {
            return Framing::Chunked;
        }
        let length = self.header("content-length").map(|it| it.parse().unwrap());
        length.map_or(default, Framing::Length)
    }
}

/// The rest of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

/// A piece of a body.
#[derive(Debug)]
pub(crate) enum Piece {
    Data(Vec<u8>),
    /// The body is whole.
    End,
    /// The connection ended within the body.
    Cut,
}

/// Reads heads and bodies.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    source: R,
    buffer: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, buffer: Vec::new() }
    }

    /// The next head; `None` when the connection ends before one is whole.
    pub(crate) async fn head(&mut self) -> Option<Head> {
        let text = self.until(b"\r\n\r\n").await?;
        Some(Head::parse(&String::from_utf8(text).unwrap()))
    }

    /// The next head, without a time limit.
    pub(crate) async fn idle_head(&mut self) -> Option<Head> {
        if self.buffer.is_empty() && !self.fill_once().await.is_ok_and(|count| count > 0) {
            return None;
        }
        self.head().await
    }

    /// The next piece of a body.
    pub(crate) async fn piece(&mut self, framing: &mut Framing) -> Piece {
        match framing {
            Framing::Length(0) => Piece::End,
            Framing::Length(left) => {
                if self.buffer.is_empty() && !self.fill().await {
                    return Piece::Cut;
                }
                let taken = self.buffer.len().min(*left);
                *left -= taken;
                Piece::Data(self.buffer.drain(..taken).collect())
            }
            Framing::Chunked => self.chunk().await.unwrap_or(Piece::Cut),
            Framing::UntilClose => {
                if self.buffer.is_empty() && !self.fill().await {
                    return Piece::End;
                }
                Piece::Data(std::mem::take(&mut self.buffer))
            }
        }
    }

    /// A whole body; `None` when it is cut.
    pub(crate) async fn body(&mut self, mut framing: Framing) -> Option<Vec<u8>> {
        let mut whole = Vec::new();
        loop {
            match self.piece(&mut framing).await {
                Piece::Data(data) => whole.extend_from_slice(&data),
                Piece::End => return Some(whole),
                Piece::Cut => return None,
            }
        }
    }

    /// Waits for the end of the connection; further bytes are kept.
    pub(crate) async fn ended(&mut self) {
        while self.fill_once().await.is_ok_and(|count| count > 0) {}
    }

    async fn chunk(&mut self) -> Option<Piece> {
        let size = self.until(b"\r\n").await?;
        let size = usize::from_str_radix(std::str::from_utf8(&size).ok()?, 16).ok()?;
        while self.buffer.len() < size + 2 {
            if !self.fill().await {
                return None;
            }
        }
        let data = self.buffer.drain(..size).collect();
        self.buffer.drain(..2);
        Some(if size == 0 { Piece::End } else { Piece::Data(data) })
    }

    /// Everything before `end`, which is dropped.
    async fn until(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        loop {
            let found = self.buffer.windows(end.len()).position(|it| it == end);
            if let Some(at) = found {
                let taken = self.buffer.drain(..at).collect();
                self.buffer.drain(..end.len());
                return Some(taken);
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    /// Reads more; `false` at the end.
    async fn fill(&mut self) -> bool {
        let read = within("a byte, or the end of the connection", self.fill_once()).await;
        read.is_ok_and(|count| count > 0)
    }

    async fn fill_once(&mut self) -> io::Result<usize> {
        self.source.read_buf(&mut self.buffer).await
    }
}
