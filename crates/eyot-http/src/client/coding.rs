//! Bodies in a content coding.
//!
//! Our requests ask for none. But a server, or what stands before it, may compress all the same;
//! then the body is decoded piece by piece, so that the bounds on messages hold for what comes out.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_compression::tokio::bufread::{
    BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder,
};
use async_compression::zstd::DParameter;
use bytes::{Buf as _, Bytes};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use parking_lot::Mutex;
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use crate::client::error::HttpError;
use crate::client::raw_body::RawBody;

/// How a body is coded.
#[derive(Debug)]
pub(super) enum Coding {
    Identity,
    Known(Algorithm),
    /// Its bytes mean nothing to us.
    Unknown(String),
}

/// A coding that can be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    /// The coding that an answer declares. Several, one on the other, are unknown.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        if !headers.contains_key(CONTENT_ENCODING) {
            return Self::Identity;
        }
        let lines = headers.get_all(CONTENT_ENCODING).iter();
        let lines: Vec<_> = lines.map(|it| String::from_utf8_lossy(it.as_bytes())).collect();
        let said = lines.join(",").to_ascii_lowercase();
        let mut codings = said.split(',').map(str::trim);
        let mut codings = codings.by_ref().filter(|it| !it.is_empty() && *it != "identity");
        match (codings.next(), codings.next()) {
            (None, _) => Self::Identity,
            (Some("gzip" | "x-gzip"), None) => Self::Known(Algorithm::Gzip),
            (Some("deflate"), None) => Self::Known(Algorithm::Deflate),
            (Some("br"), None) => Self::Known(Algorithm::Brotli),
            (Some("zstd"), None) => Self::Known(Algorithm::Zstd),
            _ => Self::Unknown(said.chars().take(NAME_MAX).collect()),
        }
    }
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
}

/// A body that is decoded while it is read.
pub(super) struct Decoding {
    algorithm: Algorithm,
    decoder: Decoder,
    broken: Broken,
    /// Pieces that were decoded without a rest.
    pieces: u8,
}

enum Decoder {
    /// Nothing of the body has been seen: it may be empty, and `deflate` has two forms.
    Untouched(Option<RawReader>),
    Running(Box<dyn AsyncRead + Send + Unpin>),
}

impl Decoding {
    pub(super) fn new(algorithm: Algorithm, body: RawBody) -> Self {
        let broken = Arc::default();
        let reader = RawReader { body, piece: Bytes::new(), broken: Arc::clone(&broken) };
        Self { algorithm, decoder: Decoder::Untouched(Some(reader)), broken, pieces: 0 }
    }

    /// The next decoded bytes; `None` at the end.
    pub(super) fn poll_data(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, HttpError>> {
        if self.pieces == PIECES_MAX {
            // A small body may be a long one decoded: others get their turn in between.
            self.pieces = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut room = [0; PIECE_BYTES];
        let mut room = ReadBuf::new(&mut room);
        let read = ready!(self.poll_read(cx, &mut room));
        self.pieces += 1;
        read.map_err(|_error| {
            let undecodable = || HttpError::Coding { coding: self.algorithm.name().to_owned() };
            self.broken.lock().take().unwrap_or_else(undecodable)
        })?;
        let data = room.filled();
        Poll::Ready(Ok((!data.is_empty()).then(|| Bytes::copy_from_slice(data))))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            match &mut self.decoder {
                Decoder::Running(decoder) => {
                    let polled = Pin::new(decoder).poll_read(cx, room);
                    if polled.is_pending() {
                        self.pieces = 0;
                    }
                    return polled;
                }
                Decoder::Untouched(body) => {
                    let Some(reader) = body else { return Poll::Ready(Ok(())) };
                    let first = ready!(Pin::new(reader).poll_fill_buf(cx))?.first().copied();
                    let (Some(first), Some(reader)) = (first, body.take()) else {
                        return Poll::Ready(Ok(()));
                    };
                    self.decoder = Decoder::Running(decoder(self.algorithm, first, reader));
                }
            }
        }
    }
}

/// The decoder of a body that begins with `first`.
fn decoder(
    algorithm: Algorithm,
    first: u8,
    reader: RawReader,
) -> Box<dyn AsyncRead + Send + Unpin> {
    match algorithm {
        Algorithm::Gzip => {
            // "members … simply appear one after another in the file" (RFC 1952, 2.2).
            let mut decoder = GzipDecoder::new(reader);
            decoder.multiple_members(true);
            Box::new(decoder)
        }
        // It is the zlib format, but "some non-conformant implementations send the deflate
        // compressed data without the zlib wrapper" (RFC 9110, 8.4.1.2). A wrapper begins with its
        // method, which is 8.
        Algorithm::Deflate if first & 0x0f == 8 => Box::new(ZlibDecoder::new(reader)),
        Algorithm::Deflate => Box::new(DeflateDecoder::new(reader)),
        Algorithm::Brotli => Box::new(BrotliDecoder::new(reader)),
        Algorithm::Zstd => {
            let window = DParameter::window_log_max(ZSTD_WINDOW_LOG_MAX);
            Box::new(ZstdDecoder::with_params(reader, &[window]))
        }
    }
}

/// A body as the decoders read it.
struct RawReader {
    body: RawBody,
    piece: Bytes,
    broken: Broken,
}

/// Why the body has broken off, which the decoders do not tell.
type Broken = Arc<Mutex<Option<HttpError>>>;

impl AsyncBufRead for RawReader {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let reader = self.get_mut();
        while reader.piece.is_empty() {
            match ready!(reader.body.poll_data(cx)) {
                Ok(Some(piece)) => reader.piece = piece,
                Ok(None) => break,
                Err(error) => {
                    *reader.broken.lock() = Some(error);
                    return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
                }
            }
        }
        Poll::Ready(Ok(&reader.piece))
    }

    fn consume(mut self: Pin<&mut Self>, count: usize) {
        self.piece.advance(count);
    }
}

impl AsyncRead for RawReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let piece = ready!(self.as_mut().poll_fill_buf(cx))?;
        let count = piece.len().min(room.remaining());
        room.put_slice(piece.get(..count).unwrap_or_default());
        self.consume(count);
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for Decoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoding").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// Bytes that are decoded at once.
const PIECE_BYTES: usize = 8 << 10;
/// Pieces that are decoded before others get their turn: half a mebibyte.
const PIECES_MAX: u8 = 64;
/// "to at most 8 MB" (RFC 9659, 3): what a sender may ask of the memory of a receiver.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// Characters of an unknown coding's name that an error repeats.
const NAME_MAX: usize = 40;

#[cfg(test)]
mod tests;
