//! A body that is made while it is sent: one piece waits, so that memory does not grow with the answer, and a slow
//! reader holds neither a thread nor a connection to the database.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Bodies that are made at once: each holds some megabytes while its reader takes its time. Who comes after is asked to
/// come back.
pub const STREAMS_MAX: usize = 32;
/// A reader that takes nothing for so long is not waited for.
const STALLED_S_MAX: u64 = 30;

/// What ends a body before its end: the reader must not take it for whole.
#[derive(Debug, thiserror::Error)]
#[error("the list could not be read to its end")]
pub struct Broken;

pub struct Pieces(Receiver<Result<Bytes, Broken>>);

/// A body, and where its pieces go in.
pub fn pieces() -> (Sender<Result<Bytes, Broken>>, Pieces) {
    let (sender, receiver) = channel(1);
    (sender, Pieces(receiver))
}

/// Hands a piece to the reader; whether somebody is still there to take it.
pub async fn hand_over(sender: &Sender<Result<Bytes, Broken>>, piece: Result<Bytes, Broken>) -> bool {
    let sent = tokio::time::timeout(Duration::from_secs(STALLED_S_MAX), sender.send(piece)).await;
    matches!(sent, Ok(Ok(())))
}

impl MessageBody for Pieces {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map_err(Into::into)))
    }
}
