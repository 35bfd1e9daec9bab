//! `net.*`.

use std::time::Instant;

use aegis_effect::{EffectError, ErrorCode, HttpBody, HttpRequest, HttpResponse, Label, Outcome, Shape};
use aegis_policy::{Access, RequestUrl, Visibility};

use crate::call::{Call, Ruling};
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
        let label = self.label_of_request(http)?;
        if !label.is_public() {
            self.check_flow(call, &label, &decision)?;
            self.check_transport(call, &url)?;
        }
        let ruling = Ruling::of(decision);
        let body = self.fill_in(http, &mut url)?;
        let mut headers = Vec::with_capacity(http.headers.len());
        for (name, value) in &http.headers {
            let bytes = self.vault.open(value)?.bytes;
            // a file's or variable's closing newline is no part of a token
            let value = if label.is_public() { bytes } else { bytes.trim_ascii_end().to_vec() };
            headers.push((name.clone(), value));
        }
        if matches!(http.body, HttpBody::Json(_)) && !http.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("content-type")) {
            headers.push(("content-type".to_owned(), b"application/json".to_vec()));
        }
        if let Err(error) = RequestHeaders::check(&headers) {
            return Err(self.refused(call, bad(format!("{}: {error}", call.asked())), None));
        }
        self.approve(call, &ruling, &format!("{} {}", http.method.name(), url.without_query()), &[], None)?;

        // resolve and vet every address
        let limits = &self.policy.settings().limits;
        let timeout = http.timeout.unwrap_or(limits.net_timeout).min(limits.net_timeout);
        let max_body = limits.max_response_bytes;
        let deadline = (Instant::now() + timeout).min(self.deadline());
        let vetted = self.vet(call, &url, deadline)?;
        let resolved = format!("{} {} at {}", http.method.name(), url.without_query(), ips(&vetted));

        let id = self.ledger.intent(call, &ruling, Some(&resolved), &label)?;
        let answer = match self.network.client() {
            Ok(client) => client.send(&url, vetted, http.method, &headers, body, Caps::new(deadline, max_body)),
            Err(error) => Err(error),
        };
        let out = ruling.label_with(&label);
        match answer {
            Ok(answer) => {
                self.ledger.outcome(id, Done::bytes(answer.body.len()).detail(format!("status {}", answer.status)))?;
                self.answer(call, http, answer, &ruling, out)
            }
            Err(error) => {
                let detail = match &error {
                    NetError::Redirect { location, .. } => format!("{error}: {location}"),
                    _ => error.to_string(),
                };
                self.ledger.outcome(id, Done::failed(ErrorCode::Network).detail(detail))?;
                Err(self.network_error(call, &error, ruling.visibility() == Visibility::LocalOnly || !label.is_public()))
            }
        }
    }

    fn label_of_request(&self, http: &HttpRequest) -> Result<Label, EffectError> {
        let mut label = Label::public();
        for (_, value) in http.headers.iter().chain(&http.params) {
            label.join(&self.vault.label_of(value)?);
        }
        if let HttpBody::Raw(body) | HttpBody::Json(body) = &http.body {
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
        match &http.body {
            HttpBody::Empty => Ok(None),
            HttpBody::Raw(body) | HttpBody::Json(body) => Ok(Some(self.vault.open(body)?.bytes)),
        }
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

    fn answer(
        &mut self,
        call: &Call<'_>,
        http: &HttpRequest,
        answer: Answer,
        ruling: &Ruling,
        label: Label,
    ) -> Result<Outcome, EffectError> {
        let status = answer.status;
        let local_only = ruling.visibility() == Visibility::LocalOnly || !label.is_public();
        let headers = joined(answer.headers);
        if local_only {
            self.redactor.learn(&answer.body);
            let mut field =
                |name: &str, bytes: Vec<u8>, shape| (name.to_owned(), self.vault.keep(bytes, label.clone(), shape, &self.policy));
            if http.fail_on_status {
                return Ok(Outcome::Labelled(field("body", answer.body, Shape::Text).1));
            }
            let shown = serde_json::to_vec(&headers.into_iter().collect::<std::collections::BTreeMap<_, _>>()).unwrap_or_default();
            return Ok(Outcome::LabelledFields(vec![
                field("status", status.to_string().into_bytes(), Shape::Int),
                field("headers", shown, Shape::Headers),
                field("body", answer.body, Shape::Text),
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

    /// A failure in words. What a local-only host did stays out of them: only that it failed.
    fn network_error(&self, call: &Call<'_>, error: &NetError, local_only: bool) -> EffectError {
        let asked = call.asked();
        match error {
            _ if local_only => EffectError::new(ErrorCode::Network, format!("{asked}: no answer that can be used; the journal says why")),
            NetError::Redirect { status, location } => EffectError::new(
                ErrorCode::Network,
                format!("{asked}: redirected (status {status}) to {}; redirects are not followed", crate::approve::escaped(&cut(location))),
            )
            .suggest("call the new location, if the policy allows it"),
            _ => EffectError::new(ErrorCode::Network, format!("{asked}: {error}")),
        }
    }
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
