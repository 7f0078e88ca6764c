//! Bodies that come coded without being asked.

use async_compression::tokio::bufread::{
    BrotliEncoder, DeflateEncoder, GzipEncoder, ZlibEncoder, ZstdEncoder,
};
use eyot_service::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::{Draft, HttpClient, HttpError, UpstreamBody};

/// Answers one request with a body that says to be of this coding.
async fn answer(coding: &str, body: &[u8]) -> UpstreamBody {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let client = HttpClient::new(&url, Limits::default()).unwrap();
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: {coding}\r\ncontent-length: {length}");
    let whole = [head.as_bytes(), b"\r\n\r\n", body].concat();
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = String::new();
        while !request.ends_with("\r\n\r\n") {
            request.push(char::from(stream.read_u8().await.unwrap()));
        }
        assert!(request.contains("accept-encoding: identity\r\n"), "{request}");
        stream.write_all(&whole).await.unwrap();
        stream
    };
    let (response, stream) = tokio::join!(client.send(Draft::default()), serving);
    drop(stream);
    response.unwrap().into_body()
}

async fn whole(mut body: UpstreamBody) -> Result<Vec<u8>, HttpError> {
    assert_eq!(body.declared_bytes(), None, "a declared length is that of the coded body");
    let mut whole = Vec::new();
    while let Some(data) = body.data().await? {
        whole.extend_from_slice(&data);
    }
    Ok(whole)
}

/// Every coding, applied to a text.
async fn coded(text: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut coded = vec![("gzip", Vec::new()), ("x-gzip", Vec::new()), ("deflate", Vec::new())];
    coded.extend([("deflate", Vec::new()), ("br", Vec::new()), ("ZSTD", Vec::new())]);
    GzipEncoder::new(text).read_to_end(&mut coded[0].1).await.unwrap();
    coded[1].1 = [coded[0].1.clone(), coded[0].1.clone()].concat();
    ZlibEncoder::new(text).read_to_end(&mut coded[2].1).await.unwrap();
    DeflateEncoder::new(text).read_to_end(&mut coded[3].1).await.unwrap();
    BrotliEncoder::new(text).read_to_end(&mut coded[4].1).await.unwrap();
    ZstdEncoder::new(text).read_to_end(&mut coded[5].1).await.unwrap();
    coded
}

#[tokio::test]
async fn body_of_every_coding_is_decoded() {
    let text = b"an answer ".repeat(20_000);
    for (coding, body) in coded(&text).await {
        let expected = if coding == "x-gzip" { text.repeat(2) } else { text.clone() };
        let decoded = whole(answer(coding, &body).await).await.unwrap();
        assert!(decoded == expected, "{coding}: {} bytes", decoded.len());
    }
}

#[tokio::test]
async fn empty_body_of_any_coding_is_empty() {
    for coding in ["gzip", "deflate", "br", "zstd"] {
        assert_eq!(whole(answer(coding, b"").await).await.unwrap(), b"", "{coding}");
    }
}

#[tokio::test]
async fn body_that_is_not_what_it_says_fails_with_the_name_of_the_coding() {
    for coding in ["gzip", "deflate", "br", "zstd", "snappy", "gzip, br"] {
        let failed = whole(answer(coding, b"\x1f{\"jsonrpc\":\"2.0\"}").await).await.unwrap_err();
        assert!(matches!(failed, HttpError::Coding { .. }), "{coding}: {failed}");
        assert!(failed.to_string().contains(&format!("{coding:?}")), "{failed}");
    }
}

#[tokio::test]
async fn body_that_ends_too_early_fails() {
    for (coding, body) in coded(&b"an answer ".repeat(20_000)).await {
        let cut = &body[..body.len() / 4];
        assert!(whole(answer(coding, cut).await).await.is_err(), "{coding}");
    }
}

#[tokio::test]
async fn identity_is_no_coding() {
    let mut body = answer("identity", b"plain").await;
    assert_eq!(body.declared_bytes(), Some(5));
    assert_eq!(body.data().await.unwrap().unwrap(), "plain");
}
