//! Asking the person behind the client.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use aegis_gate::{ApprovalAnswer, ApprovalRequest, Approver, escaped};
use aegis_sandbox::Cancel;
use tokio::sync::mpsc::UnboundedSender;

use crate::calls::Slots;

/// How long a person may think.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// A question on its way to the client, and the way back.
pub(crate) struct Question {
    pub(crate) text: String,
    pub(crate) answer: mpsc::SyncSender<bool>,
}

/// Hands questions to the task that talks to the client, and waits on the call's own thread.
pub(crate) struct ElicitApprover {
    pub(crate) questions: UnboundedSender<Question>,
    pub(crate) cancel: Cancel,
    pub(crate) slots: Slots,
    /// The client cannot ask anybody.
    pub(crate) nobody: bool,
}

impl Approver for ElicitApprover {
    fn ask(&mut self, request: &ApprovalRequest) -> ApprovalAnswer {
        if self.nobody {
            return ApprovalAnswer::No;
        }
        let (answer, answered) = mpsc::sync_channel(1);
        if self.questions.send(Question { text: in_words(request), answer }).is_err() {
            return ApprovalAnswer::No;
        }
        self.slots.with_a_person(|| self.answer(&answered))
    }

    fn name(&self) -> &'static str {
        if self.nobody { "nobody" } else { "elicitation" }
    }
}

impl ElicitApprover {
    fn answer(&self, answered: &mpsc::Receiver<bool>) -> ApprovalAnswer {
        let until = Instant::now() + PATIENCE;
        loop {
            match answered.recv_timeout(Duration::from_millis(50)) {
                Ok(true) => return ApprovalAnswer::Once,
                Ok(false) | Err(mpsc::RecvTimeoutError::Disconnected) => return ApprovalAnswer::No,
                Err(mpsc::RecvTimeoutError::Timeout) if self.cancel.is_cancelled() || Instant::now() >= until => return ApprovalAnswer::No,
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

/// The exact request, one thing a line. What comes from a script is escaped: a line is a line, and nothing is hidden in it.
fn in_words(request: &ApprovalRequest) -> String {
    let mut text = format!("Allow {}?\n", request.call);
    let mut line = |name: &str, value: &str| text.push_str(&format!("{name}: {}\n", escaped(value)));
    if request.argv.is_empty() {
        line("target", &request.target);
    } else {
        line("program", &request.target);
        line("argv", &serde_json::to_string(&request.argv).unwrap_or_default());
    }
    for (name, value) in
        [("in", &request.cwd), ("content", &request.content), ("rule", &request.rule), ("reason", &request.why), ("note", &request.note)]
    {
        if let Some(value) = value {
            line(name, value);
        }
    }
    for variable in &request.env {
        line("with", variable);
    }
    text
}
