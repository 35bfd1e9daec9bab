//! A client that asks faster than it is answered waits: nothing more is read while too many of its requests are open.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::RoleServer;
use rmcp::model::{JsonRpcMessage, RequestId};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::sync::Notify;

/// Requests that one client may have open. More than may wait for a thread, so that a client is told before it is held.
const OPEN: usize = 512;

/// A transport with a bound on open requests.
pub(crate) struct Bounded<T> {
    inner: T,
    open: Arc<Open>,
    closed: Arc<Notify>,
}

#[derive(Default)]
struct Open {
    ids: Mutex<HashSet<RequestId>>,
    fewer: Notify,
}

impl Open {
    fn ids(&self) -> std::sync::MutexGuard<'_, HashSet<RequestId>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self, id: &RequestId) {
        self.ids().remove(id);
        self.fewer.notify_one();
    }
}

impl<T> Bounded<T> {
    pub(crate) fn new(inner: T) -> Bounded<T> {
        Bounded { inner, open: Arc::default(), closed: Arc::default() }
    }

    /// Is notified when the client has closed its side.
    pub(crate) fn closed(&self) -> Arc<Notify> {
        self.closed.clone()
    }
}

impl<T: Transport<RoleServer>> Transport<RoleServer> for Bounded<T> {
    type Error = T::Error;

    fn send(&mut self, item: TxJsonRpcMessage<RoleServer>) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let id = match &item {
            JsonRpcMessage::Response(response) => Some(response.id.clone()),
            JsonRpcMessage::Error(error) => error.id.clone(),
            _ => None,
        };
        let sent = self.inner.send(item);
        let open = self.open.clone();
        async move {
            let result = sent.await;
            if let Some(id) = id {
                open.close(&id);
            }
            result
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            let fewer = self.open.fewer.notified();
            if self.open.ids().len() < OPEN {
                break;
            }
            fewer.await;
        }
        loop {
            let Some(message) = self.inner.receive().await else {
                self.closed.notify_one();
                return None;
            };
            match &message {
                // a second request of the same name, while the first is open, could not be answered
                JsonRpcMessage::Request(request) if !self.open.ids().insert(request.id.clone()) => continue,
                // what is cancelled gets no answer
                JsonRpcMessage::Notification(notification) => {
                    if let rmcp::model::ClientNotification::CancelledNotification(cancelled) = &notification.notification
                        && let Some(id) = &cancelled.params.request_id
                    {
                        self.open.close(id);
                    }
                }
                _ => {}
            }
            return Some(message);
        }
    }

    fn close(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send {
        self.inner.close()
    }
}
