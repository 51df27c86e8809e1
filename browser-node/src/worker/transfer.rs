//! A file's bytes between this session's directory and signalling, by HTTP and a ticket that is good once.

use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, HOST};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tandem_protocol::Private;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Signalling that neither gives nor takes for so long is gone; it has less patience itself.
const PATIENCE: Duration = Duration::from_secs(90);
/// Read and sent at once (bytes): little enough that pictures in between are not kept waiting.
const PIECE: usize = 64 << 10;

/// Why a file did not get through. It names none.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    #[error("signalling does not answer")]
    Connection,
    #[error("signalling will not have it")]
    Refused,
    #[error("it broke off")]
    Broken,
    #[error("it is larger than it may be")]
    TooLarge,
    #[error("the session's directory: {0}")]
    Disk(#[from] io::Error),
}

impl From<hyper::Error> for TransferError {
    fn from(_: hyper::Error) -> TransferError {
        TransferError::Broken
    }
}

/// The other end of files.
#[derive(Debug, Clone)]
pub struct Signaling {
    /// `host:port`
    authority: String,
}

type Sent = UnsyncBoxBody<Bytes, io::Error>;

impl Signaling {
    pub fn new(authority: String) -> Signaling {
        Signaling { authority }
    }

    /// Gets a file; gives its size (bytes).
    ///
    /// # Errors
    /// As soon as there are more than `most` bytes, or it ends before its end; the file is then gone.
    pub async fn fetch(&self, ticket: &Private<String>, to: &Path, most: u64) -> Result<u64, TransferError> {
        let fetched = self.fetch_all(ticket, to, most).await;
        if fetched.is_err() {
            let _ = tokio::fs::remove_file(to).await;
        }
        fetched
    }

    async fn fetch_all(&self, ticket: &Private<String>, to: &Path, most: u64) -> Result<u64, TransferError> {
        let mut answer = self.ask(Method::GET, ticket, None, nothing()).await?;
        let mut file = File::create_new(to).await?;
        let mut bytes = 0;
        while let Some(frame) = timeout(PATIENCE, answer.frame()).await.map_err(|_| TransferError::Broken)? {
            let Ok(data) = frame?.into_data() else { continue };
            bytes += data.len() as u64;
            if bytes > most {
                return Err(TransferError::TooLarge);
            }
            file.write_all(&data).await?;
        }
        file.flush().await?;
        Ok(bytes)
    }

    /// Sends a file of this size; done when the other end has all of it.
    pub async fn send(&self, ticket: &Private<String>, from: PathBuf, bytes: u64) -> Result<(), TransferError> {
        let file = File::open(from).await?;
        let pieces = stream::try_unfold(file, async |mut file| {
            let mut piece = vec![0; PIECE];
            let read = file.read(&mut piece).await?;
            piece.truncate(read);
            Ok::<_, io::Error>((read > 0).then(|| (Frame::data(Bytes::from(piece)), file)))
        });
        self.ask(Method::PUT, ticket, Some(bytes), BodyExt::boxed_unsync(StreamBody::new(pieces))).await.map(drop)
    }

    /// Says that nothing will come, so that the other end need not wait.
    pub async fn decline(&self, ticket: &Private<String>) {
        // A ticket ends by itself as well.
        let _ = self.ask(Method::DELETE, ticket, None, nothing()).await;
    }

    async fn ask(
        &self,
        method: Method,
        ticket: &Private<String>,
        bytes: Option<u64>,
        body: Sent,
    ) -> Result<Incoming, TransferError> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/control/files/{}", ticket.reveal()))
            .header(HOST, &self.authority);
        if let Some(bytes) = bytes {
            request = request.header(CONTENT_LENGTH, bytes);
        }
        let request = request.body(body).map_err(|_| TransferError::Refused)?;
        let stream = timeout(PATIENCE, TcpStream::connect(&self.authority)).await;
        let stream = stream.map_err(|_| TransferError::Connection)?.map_err(|_| TransferError::Connection)?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        // It ends when the answer was read or dropped.
        tokio::spawn(connection);
        let response: Response<Incoming> = sender.send_request(request).await?;
        if response.status().is_success() { Ok(response.into_body()) } else { Err(TransferError::Refused) }
    }
}

fn nothing() -> Sent {
    BodyExt::boxed_unsync(Empty::new().map_err(|never| match never {}))
}
