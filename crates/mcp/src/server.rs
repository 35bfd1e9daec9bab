//! What the protocol asks of us.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aegis_audit::Sha256Digest;
use aegis_effect::{EffectError, ErrorCode};
use aegis_sandbox::Cancel;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationSchema,
    Implementation, InputRequest, InputRequiredResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
    ProgressNotificationParam, ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use tokio::sync::{mpsc, oneshot};

use crate::answer::Answer;
use crate::approve::{ElicitApprover, PATIENCE, Question};
use crate::call::{Asked, perform};
use crate::calls::Calls;
use crate::kept::{KeptValues, random_id};
use crate::pages::Pages;
use crate::parts::{Approvals, Parts};
use crate::{resources, tools};

/// What all calls share.
pub(crate) struct Shared {
    pub(crate) parts: Parts,
    pub(crate) calls: Calls,
    pub(crate) kept: KeptValues,
    pub(crate) pages: Pages,
    /// The run that began the session, as its records name it.
    pub(crate) session: String,
    pub(crate) policy_sha256: Sha256Digest,
    effects_left: AtomicU64,
    calls_left: AtomicU64,
    begun: AtomicU64,
    next: AtomicU64,
    /// Calls under way, to be cancelled at the end.
    running: Mutex<HashMap<u64, Cancel>>,
    /// Calls that wait for a person whom the client asks on its own time.
    parked: Mutex<HashMap<String, Parked>>,
    instructions: String,
}

/// A call whose question went out with the answer to its request; it goes on when the client asks again.
struct Parked {
    call: Running,
    question: Question,
    request: Sha256Digest,
    since: Instant,
}

/// A call on its thread, seen from the task that serves the client.
struct Running {
    number: u64,
    cancel: Cancel,
    answer: oneshot::Receiver<Answer>,
    questions: mpsc::UnboundedReceiver<Question>,
}

impl Shared {
    pub(crate) fn new(parts: Parts, calls: Calls, session: String, policy_sha256: Sha256Digest) -> Shared {
        let limits = &parts.policy.settings().mcp;
        Shared {
            policy_sha256,
            effects_left: AtomicU64::new(limits.max_session_effects),
            calls_left: AtomicU64::new(limits.max_session_calls),
            begun: AtomicU64::new(0),
            next: AtomicU64::new(0),
            running: Mutex::default(),
            parked: Mutex::default(),
            instructions: resources::instructions(&parts.policy),
            kept: KeptValues::default(),
            pages: Pages::default(),
            parts,
            calls,
            session,
        }
    }

    /// Counts a call against the session; how many effects are left for it.
    ///
    /// # Errors
    /// `limit`: the session's budget is used up.
    pub(crate) fn begin_call(&self) -> Result<u64, EffectError> {
        let take = |left: u64| left.checked_sub(1);
        if self.calls_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_err() {
            return Err(
                EffectError::new(ErrorCode::Limit, "the session has made [mcp].max_session_calls calls").suggest("start a new session")
            );
        }
        self.begun.fetch_add(1, Ordering::SeqCst);
        match self.effects_left.load(Ordering::SeqCst) {
            0 => Err(EffectError::new(ErrorCode::Limit, "the session has used [mcp].max_session_effects").suggest("start a new session")),
            left => Ok(left),
        }
    }

    /// What a call used of the session's effects.
    pub(crate) fn used(&self, effects: u64) {
        let _ = self.effects_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| Some(left.saturating_sub(effects)));
    }

    /// Calls that were begun.
    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }

    fn running(&self) -> MutexGuard<'_, HashMap<u64, Cancel>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn parked(&self) -> MutexGuard<'_, HashMap<String, Parked>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cancels everything under way.
    pub(crate) fn cancel(&self) {
        self.running().values().for_each(Cancel::cancel);
        self.parked().clear();
    }

    /// Ends everything under way; whether nothing is left.
    pub(crate) fn end(&self) -> bool {
        self.cancel();
        self.calls.end()
    }
}

/// The server, as the protocol's library sees it.
#[derive(Clone)]
pub(crate) struct Server(pub(crate) Arc<Shared>);

/// Cancels a call whose client is gone.
struct CancelOnDrop {
    shared: Arc<Shared>,
    number: u64,
    cancel: Option<Cancel>,
}

impl CancelOnDrop {
    /// Somebody else looks after it now.
    fn defuse(mut self) {
        self.cancel = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(cancel) = &self.cancel {
            cancel.cancel();
            self.shared.running().remove(&self.number);
        }
    }
}

/// What became of a call so far.
enum Step {
    Done(Answer),
    Asks(Question),
}

impl Server {
    fn begin(&self, asked: CallToolRequestParams, context: &RequestContext<RoleServer>) -> Result<Running, Result<Answer, ErrorData>> {
        let shared = self.0.clone();
        let Some(tool) = tools::find(&asked.name, &shared.parts.policy) else {
            return Err(Err(ErrorData::invalid_params(format!("no such tool: {}", asked.name), None)));
        };
        let failed = |error: &EffectError| Err(Ok(Answer::of_error(error)));
        let cancel = match Cancel::new() {
            Ok(cancel) => cancel,
            Err(error) => return failed(&EffectError::new(ErrorCode::Io, error.to_string())),
        };
        let client = context.client_info();
        let asked = Asked {
            tool,
            arguments: asked.arguments.unwrap_or_default(),
            client: client.as_ref().map_or_else(|| "unknown".to_owned(), |client| client.name.clone()),
            client_version: client.map_or_else(String::new, |client| client.version),
            cancel: cancel.clone(),
        };
        let (questions, asks) = mpsc::unbounded_channel();
        let can_ask = context.client_capabilities().is_some_and(|capabilities| capabilities.elicitation.is_some());
        let nobody = shared.parts.approvals == Approvals::Deny || !can_ask;
        let approver = ElicitApprover { questions, cancel: cancel.clone(), slots: shared.calls.slots().clone(), nobody };
        let (done, answer) = oneshot::channel();
        let number = shared.next.fetch_add(1, Ordering::SeqCst);
        shared.running().insert(number, cancel.clone());
        let job = {
            let shared = shared.clone();
            Box::new(move || {
                let (answer, runner) = perform(&shared, asked, Box::new(approver));
                shared.running().remove(&number);
                // whoever asked may be gone
                let _ = done.send(answer);
                if let Some(runner) = runner {
                    shared.calls.runners().give_back(runner);
                }
            })
        };
        if !shared.calls.run(job) {
            shared.running().remove(&number);
            return failed(
                &EffectError::new(ErrorCode::Limit, "too many calls wait already").suggest("wait for answers before asking more"),
            );
        }
        Ok(Running { number, cancel, answer, questions: asks })
    }

    /// Until the call is done or asks something; progress meanwhile.
    async fn step(&self, call: &mut Running, context: &RequestContext<RoleServer>) -> Result<Step, ErrorData> {
        let began = Instant::now();
        let token = context.meta.get_progress_token();
        loop {
            let tick = tokio::time::sleep(PROGRESS);
            // one at a time, without the macro: what is ready is looked at in this order
            let next = std::future::poll_fn(|task| {
                use std::task::Poll;
                if let Poll::Ready(answer) = std::pin::Pin::new(&mut call.answer).poll(task) {
                    return Poll::Ready(Some(Step::Done(answer.unwrap_or_else(|_| lost()))));
                }
                match call.questions.poll_recv(task) {
                    Poll::Ready(Some(question)) => Poll::Ready(Some(Step::Asks(question))),
                    _ => Poll::Pending,
                }
            });
            let cancelled = context.ct.cancelled();
            match first(next, cancelled, tick).await {
                First::Next(Some(step)) => return Ok(step),
                First::Next(None) | First::Tick => {
                    if let Some(token) = &token {
                        let seconds = began.elapsed().as_secs_f64();
                        let progress = ProgressNotificationParam::new(token.clone(), seconds).with_message("running");
                        let _ = context.peer.notify_progress(progress).await;
                    }
                }
                First::Cancelled => {
                    call.cancel.cancel();
                    return Err(ErrorData::internal_error("cancelled", None));
                }
            }
        }
    }

    async fn finish(
        &self,
        mut call: Running,
        request: Sha256Digest,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let guard = CancelOnDrop { shared: self.0.clone(), number: call.number, cancel: Some(call.cancel.clone()) };
        loop {
            match self.step(&mut call, context).await? {
                Step::Done(answer) => {
                    guard.defuse();
                    return Ok(CallToolResponse::Complete(answer.into_result()));
                }
                Step::Asks(question) if is_stateless(context) => {
                    guard.defuse();
                    return Ok(CallToolResponse::InputRequired(self.park(call, question, request)));
                }
                Step::Asks(question) => {
                    let asked = context.peer.create_elicitation_with_timeout(elicitation(&question.text), Some(PATIENCE)).await;
                    let _ = question.answer.send(asked.is_ok_and(|result| result.action == ElicitationAction::Accept));
                }
            }
        }
    }

    /// Gives the question back as the answer; the call waits on its thread until the client comes again.
    fn park(&self, call: Running, question: Question, request: Sha256Digest) -> InputRequiredResult {
        let id = random_id();
        let asked = InputRequest::Elicitation(ElicitRequest::new(elicitation(&question.text)));
        let mut parked = self.0.parked();
        // whoever never came back
        parked.retain(|_, waiting| waiting.since.elapsed() < PATIENCE);
        parked.insert(id.clone(), Parked { call, question, request, since: Instant::now() });
        InputRequiredResult::new(Some([(APPROVAL.to_owned(), asked)].into()), Some(id))
    }

    /// The client comes back with what the person said.
    fn resume(&self, id: &str, asked: &CallToolRequestParams, request: Sha256Digest) -> Result<Running, ErrorData> {
        let unknown = || ErrorData::invalid_params("no call waits under this requestState", None);
        let mut all = self.0.parked();
        // the question was about that very call
        if all.get(id).is_none_or(|parked| parked.request != request || parked.since.elapsed() >= PATIENCE) {
            return Err(unknown());
        }
        let parked = all.remove(id).ok_or_else(unknown)?;
        drop(all);
        let answer = asked.input_responses.as_ref().and_then(|responses| responses.get(APPROVAL)).cloned();
        let accepted = answer
            .and_then(|answer| serde_json::from_value::<ElicitResult>(answer).ok())
            .is_some_and(|result| result.action == ElicitationAction::Accept);
        let _ = parked.question.answer.send(accepted);
        Ok(parked.call)
    }
}

/// The key of the question in a call's input requests.
const APPROVAL: &str = "approval";
/// How often a client that asked for it hears that a call goes on.
const PROGRESS: Duration = Duration::from_secs(1);

fn lost() -> Answer {
    Answer::failed("internal", "the call broke; nothing was allowed because of it", None, None)
}

fn elicitation(text: &str) -> ElicitRequestParams {
    let requested_schema = ElicitationSchema::new(std::collections::BTreeMap::new());
    ElicitRequestParams::FormElicitationParams { meta: None, message: text.to_owned(), requested_schema }
}

/// Whether the client's protocol has questions in answers, instead of requests of the server's.
fn is_stateless(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str())
}

enum First<T> {
    Next(T),
    Cancelled,
    Tick,
}

/// Which of three is first.
async fn first<T>(next: impl Future<Output = T>, cancelled: impl Future<Output = ()>, tick: impl Future<Output = ()>) -> First<T> {
    let (mut next, mut cancelled, mut tick) = (std::pin::pin!(next), std::pin::pin!(cancelled), std::pin::pin!(tick));
    std::future::poll_fn(|task| {
        use std::task::Poll;
        if let Poll::Ready(value) = next.as_mut().poll(task) {
            return Poll::Ready(First::Next(value));
        }
        if cancelled.as_mut().poll(task).is_ready() {
            return Poll::Ready(First::Cancelled);
        }
        tick.as_mut().poll(task).map(|()| First::Tick)
    })
    .await
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_resources().build();
        let mut info = ServerConfig::new(capabilities);
        info.server_info = Implementation::new("aegis", env!("CARGO_PKG_VERSION"));
        info.instructions = Some(self.0.instructions.clone());
        info
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(ProtocolVersion::KNOWN_VERSIONS)
    }

    async fn list_tools(&self, _: Option<PaginatedRequestParams>, _: RequestContext<RoleServer>) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult { tools: tools::listed(&self.0.parts.policy), ..ListToolsResult::default() })
    }

    async fn call_tool(&self, asked: CallToolRequestParams, context: RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
        let request = request_of(&asked);
        let call = match &asked.request_state {
            Some(id) => self.resume(id, &asked, request)?,
            None => match self.begin(asked, &context) {
                Ok(call) => call,
                Err(Ok(answer)) => return Ok(CallToolResponse::Complete(answer.into_result())),
                Err(Err(error)) => return Err(error),
            },
        };
        self.finish(call, request, &context).await
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult { resources: resources::listed(), ..ListResourcesResult::default() })
    }

    async fn read_resource(
        &self,
        asked: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        resources::read(&asked.uri, &self.0).map(ReadResourceResponse::Complete)
    }
}

/// A name for a call in all its parts.
fn request_of(asked: &CallToolRequestParams) -> Sha256Digest {
    Sha256Digest::of(serde_json::to_string(&(&asked.name, &asked.arguments)).unwrap_or_default().as_bytes())
}
