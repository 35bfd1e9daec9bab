//! `net.*`.

use std::time::Instant;

use aegis_effect::{EffectError, ErrorCode, HttpBody, HttpRequest, HttpResponse, Label, Outcome, Payload, Shape};
use aegis_policy::{Access, RequestUrl};

use crate::approve::ApprovalRequest;
use crate::call::{Call, Ruling, marked, preview};
use crate::gate::Gate;
use crate::ledger::Done;
use crate::net::{Answer, Caps, NetError, RequestHeaders, VettedAddrs};

impl Gate {
    pub(crate) fn http(&mut self, call: &Call<'_>, http: &HttpRequest) -> Result<Outcome, EffectError> {
        // name: the URL as asked
        let mut url = match RequestUrl::parse(&http.url) {
            Ok(url) => url,
            Err(error) => return Err(self.refused(call, bad(format!("{}: {error}", call.asked())), None)),
        };
        let access = Access::Http { method: http.method, url: &url };
        let decision = self.policy.decide(&access);
        if decision.is_deny() {
            return Err(self.denied(call, &access, &decision, None));
        }
        // flow, before any packet
        let mut label = self.label_of_request(http)?;
        label.join(call.current);
        if !label.is_public() {
            self.check_flow(call, &label, &decision)?;
            self.check_transport(call, &url)?;
        }
        let mut ruling = Ruling::of(decision);
        let shown = shown(http, &url);
        let body = self.fill_in(http, &mut url)?;
        let mut headers = Vec::with_capacity(http.headers.len());
        for (name, value) in &http.headers {
            let opened = self.vault.open(value)?;
            // a file's or variable's closing newline is no part of a token
            let bytes = if opened.label.is_public() { opened.bytes } else { opened.bytes.trim_ascii_end().to_vec() };
            headers.push((name.clone(), bytes));
        }
        if matches!(http.body, HttpBody::Json(_)) && !http.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("content-type")) {
            headers.push(("content-type".to_owned(), b"application/json".to_vec()));
        }
        let vouched = self.is_vouched(call, http, &url);
        if vouched {
            // Its answer is public, so the request goes out whatever the secret is: one that is missing or cannot be sent is sent empty.
            for ((_, value), field) in http.headers.iter().zip(&mut headers) {
                if !value.is_public() && RequestHeaders::check(std::slice::from_ref(&*field)).is_err() {
                    field.1.clear();
                }
            }
        }
        // what is wrong with the public part is the script's mistake, whatever the rest is
        let public = http.headers.iter().zip(&headers).map(|((_, value), (name, bytes))| {
            let bytes = if value.is_public() { bytes.clone() } else { Vec::new() };
            (name.clone(), bytes)
        });
        let public: Vec<_> = public.chain(headers.iter().skip(http.headers.len()).cloned()).collect();
        if let Err(error) = RequestHeaders::check(&public) {
            return Err(self.refused(call, bad(format!("{}: {error}", call.asked())), None));
        }
        // what is wrong with a labelled header is content: it is not sent, and only the answer's readers can know
        let mut failed = RequestHeaders::check(&headers).is_err();
        failed |= content_of(http).is_some_and(|body| self.vault.has_failed(body));
        failed |= http.headers.iter().chain(&http.params).any(|(_, value)| self.vault.has_failed(value));

        // resolve and vet every address; what is approved are these
        let limits = &self.policy.settings().limits;
        let timeout = http.timeout.unwrap_or(limits.net_timeout).min(limits.net_timeout);
        let max_body = limits.max_response_bytes;
        let mut deadline = (Instant::now() + timeout).min(self.deadline());
        let vetted = self.vet(call, &url, deadline)?;
        let resolved = format!("{} {} at {}", http.method.name(), url.without_query(), ips(&vetted));
        let request = ApprovalRequest {
            call: call.name,
            target: format!("{shown} at {}", ips(&vetted)),
            content: content_of(http).and_then(preview),
            ..Default::default()
        };
        let query = url.query.clone().unwrap_or_default();
        let fields: Vec<u8> = headers.iter().flat_map(|(n, v)| [n.as_bytes(), b":", v, b"\n"].concat()).collect();
        if self.approve(call, &mut ruling, request, &[query.as_bytes(), &fields, body.as_deref().unwrap_or_default()])? {
            // a person took their time
            deadline = (Instant::now() + timeout).min(self.deadline());
        }

        let id = self.ledger.intent(call, &ruling, Some(&resolved), &label)?;
        let out = if vouched { Label::public() } else { ruling.label_with(&label) };
        if failed && !vouched {
            self.ledger.outcome(id, Done::failed(ErrorCode::BadArgument).detail("not sent: a local-only part of it cannot be sent"))?;
            return Ok(self.no_answer(http, &out));
        }
        let cancel = self.cancel.clone();
        let answer = match self.network.client() {
            Ok(client) => {
                if let Some(cancel) = cancel {
                    client.cancelled_by(cancel);
                }
                client.send(&url, vetted, http.method, &headers, body, Caps::new(deadline, max_body))
            }
            Err(error) => Err(error),
        };
        match answer {
            Ok(answer) => {
                self.ledger.outcome(id, Done::bytes(answer.body.len()).detail(format!("status {}", answer.status)))?;
                self.answer(call, http, answer, out)
            }
            Err(error) => {
                // a server may send back what it was sent
                let detail = match &error {
                    NetError::Redirect { location, .. } if out.is_public() => format!("{error}: {location}"),
                    _ => error.to_string(),
                };
                let detail = self.redacted(detail);
                self.ledger.outcome(id, Done::failed(ErrorCode::Network).detail(detail))?;
                if out.is_public() { Err(network_error(call, &error)) } else { Ok(self.no_answer(http, &out)) }
            }
        }
    }

    /// Whether the answer is public though the host is local-only: the operator vouches that it does not send back what it was sent, and it
    /// was sent whole secrets in headers at most. Of anything derived its answer could tell a bit.
    fn is_vouched(&self, call: &Call<'_>, http: &HttpRequest, url: &RequestUrl) -> bool {
        self.policy.vouches_no_echo(url)
            && call.current.is_public()
            && http.params.iter().all(|(_, value)| value.is_public())
            && content_of(http).is_none_or(Payload::is_public)
            && http.headers.iter().all(|(_, value)| self.vault.is_whole(value))
    }

    fn label_of_request(&self, http: &HttpRequest) -> Result<Label, EffectError> {
        let mut label = Label::public();
        for (_, value) in http.headers.iter().chain(&http.params) {
            label.join(&self.vault.label_of(value)?);
        }
        if let Some(body) = content_of(http) {
            label.join(&self.vault.label_of(body)?);
        }
        Ok(label)
    }

    /// Labelled data goes only over https, to this machine, or where the operator accepts plain HTTP.
    fn check_transport(&mut self, call: &Call<'_>, url: &RequestUrl) -> Result<(), EffectError> {
        let to_this_machine = url.ip.is_some_and(|ip| ip.is_loopback()) || url.host == "localhost";
        if url.https || to_this_machine || self.policy.allows_plain_http(url) {
            return Ok(());
        }
        let error =
            EffectError::new(ErrorCode::FlowDenied, format!("denied: {}: it carries local-only data over plain HTTP", call.asked()))
                .suggest("use https, or list the host in [network].allow_plain_http");
        Err(self.refused(call, error, None))
    }

    /// The query and the body, with labelled parts put in.
    fn fill_in(&self, http: &HttpRequest, url: &mut RequestUrl) -> Result<Option<Vec<u8>>, EffectError> {
        for (name, value) in &http.params {
            url.push_query(name.as_bytes(), &self.vault.open(value)?.bytes);
        }
        content_of(http).map(|body| Ok(self.vault.open(body)?.bytes)).transpose()
    }

    fn vet(&mut self, call: &Call<'_>, url: &RequestUrl, deadline: Instant) -> Result<VettedAddrs, EffectError> {
        let addresses = match self.network.resolver().addresses(url, deadline) {
            Ok(addresses) => addresses,
            Err(error) => {
                self.ledger.effect(call, &Ruling::default(), None, Done::failed(ErrorCode::Network).detail(error.to_string()))?;
                return Err(EffectError::new(ErrorCode::Network, format!("{}: {error}", call.asked())));
            }
        };
        let policy = self.policy.clone();
        let mut closed = None;
        let vetted = VettedAddrs::vet(addresses, &mut |ip| {
            let decision = policy.decide(&Access::Address { ip });
            let verdict = decision.verdict();
            if decision.is_deny() && closed.is_none() {
                closed = Some((ip, decision));
            }
            verdict
        });
        match (vetted, closed) {
            (Ok(vetted), _) => Ok(vetted),
            (Err(_), Some((ip, decision))) => Err(self.denied(call, &Access::Address { ip }, &decision, Some(&ip.to_string()))),
            (Err(error), None) => Err(self.refused(call, EffectError::new(ErrorCode::Network, format!("{}: {error}", call.asked())), None)),
        }
    }

    fn answer(&mut self, call: &Call<'_>, http: &HttpRequest, answer: Answer, label: Label) -> Result<Outcome, EffectError> {
        let status = answer.status;
        let headers = joined(answer.headers);
        if !label.is_public() {
            self.redactor.learn(&answer.body);
            let mut keep = |bytes, shape| self.vault.keep(bytes, label.clone(), shape, &self.policy);
            if http.fail_on_status && status >= 400 {
                return Ok(self.no_answer(http, &label));
            }
            if http.fail_on_status {
                return Ok(Outcome::Labelled(keep(answer.body, Shape::Text)));
            }
            let fields: std::collections::BTreeMap<_, _> = headers.into_iter().collect();
            return Ok(Outcome::LabelledFields(vec![
                ("status".to_owned(), keep(status.to_string().into_bytes(), Shape::Int)),
                ("headers".to_owned(), keep(serde_json::to_vec(&fields).unwrap_or_default(), Shape::Headers)),
                ("body".to_owned(), keep(answer.body, Shape::Text)),
            ]));
        }
        let body = match String::from_utf8(answer.body) {
            Ok(body) => body,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        };
        if !http.fail_on_status {
            return Ok(Outcome::Response(HttpResponse { status, headers, body }));
        }
        if status >= 400 {
            return Err(EffectError::new(ErrorCode::Network, format!("{}: status {status}", call.asked()))
                .suggest("net.request gives the status and body of such an answer"));
        }
        Ok(Outcome::Text(body))
    }

    /// The answer that did not come, where only its label's readers may know that.
    fn no_answer(&mut self, http: &HttpRequest, label: &Label) -> Outcome {
        if http.fail_on_status {
            return self.delayed(label, Shape::Text);
        }
        let mut failed = |shape| self.vault.keep_failure(label.clone(), shape, &self.policy);
        Outcome::LabelledFields(vec![
            ("status".to_owned(), failed(Shape::Int)),
            ("headers".to_owned(), failed(Shape::Headers)),
            ("body".to_owned(), failed(Shape::Text)),
        ])
    }
}

/// A failure in words.
fn network_error(call: &Call<'_>, error: &NetError) -> EffectError {
    let asked = call.asked();
    match error {
        NetError::Redirect { status, location } => EffectError::new(
            ErrorCode::Network,
            format!("{asked}: redirected (status {status}) to {}; redirects are not followed", crate::approve::escaped(&cut(location))),
        )
        .suggest("call the new location, if the policy allows it"),
        _ => EffectError::new(ErrorCode::Network, format!("{asked}: {error}")),
    }
}

fn content_of(http: &HttpRequest) -> Option<&Payload> {
    match &http.body {
        HttpBody::Empty => None,
        HttpBody::Raw(body) | HttpBody::Json(body) => Some(body),
    }
}

/// Method and URL as they will be sent, labelled parameters as marks.
fn shown(http: &HttpRequest, url: &RequestUrl) -> String {
    let mut url = url.clone();
    for (name, value) in &http.params {
        url.push_query(name.as_bytes(), marked(value).as_bytes());
    }
    format!("{} {}", http.method.name(), url.to_url_string())
}

fn cut(text: &str) -> String {
    text.chars().take(300).collect()
}

fn bad(message: String) -> EffectError {
    EffectError::new(ErrorCode::BadArgument, message)
}

fn ips(vetted: &VettedAddrs) -> String {
    vetted.ips().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Repeated fields become one, as RFC 9110 section 5.3 reads them.
fn joined(fields: Vec<(String, Vec<u8>)>) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for (name, value) in fields {
        let value = String::from_utf8_lossy(&value).into_owned();
        match all.iter_mut().find(|(n, _)| *n == name) {
            Some((_, old)) => {
                old.push_str(", ");
                old.push_str(&value);
            }
            None => all.push((name, value)),
        }
    }
    all
}
