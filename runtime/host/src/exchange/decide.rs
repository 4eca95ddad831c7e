//! One call of the guest, and its output turned into what the host is to do.

use edge_abi::input::Event;
use edge_abi::manifest::RuleKind;
use edge_abi::output::{fault::Reason, hits, note};
use http::{HeaderMap, Response, StatusCode};
use std::time::Instant;

use super::forward::Forward;
use super::incoming::Refusal;
use super::record::{Exposure, LogLine};
use super::{Exchange, respond};
use crate::engine::GuestError;
use crate::headers::{self, EditError, HeaderEdit};
use crate::input::{Call, ResponseFacts, ResultEntry};
use crate::output::{Edits, Effect, Hits, Log, Note, Output};
use crate::upstream::Body;

/// Most edits of one answer that wait for it; the compiler makes 64 at most.
const MAX_QUEUED: usize = 1024;

/// Most rules of a kind that a request remembers to have matched without deciding.
const MAX_REMEMBERED: usize = 256;

/// What the next call needs of this one.
#[derive(Debug, Default)]
pub(super) struct Follow {
    wanted: u16,
    pub(super) slots: u16,
    continuation: Box<[u8]>,
}

impl Follow {
    fn of(output: &Output<'_>) -> Self {
        match output.next_slots() {
            0 => Follow::default(),
            slots => Follow {
                wanted: output.wanted(),
                slots,
                continuation: output.continuation().into(),
            },
        }
    }

    /// Whether the guest wants to be called for this event.
    pub(super) fn wants(&self, event: Event) -> bool {
        self.slots != 0 && self.wanted & event.bit() != 0
    }
}

/// What a call of the guest decided.
pub(super) enum Step {
    /// Bodies to be read, each up to a limit; true: only if the one before succeeded.
    Wait(Vec<(u32, bool)>),
    /// This is the answer.
    Respond(Response<Body>),
    /// Ask an origin.
    Forward(Box<Forward>),
    /// Let the response go on, with these edits.
    Pass(Vec<HeaderEdit>),
}

impl Exchange<'_> {
    /// Calls the guest. Everything that outlives the call is taken out of its memory.
    pub(super) fn decide(
        &mut self,
        event: Event,
        follow: &Follow,
        results: &[ResultEntry],
        response: Option<ResponseFacts<'_>>,
    ) -> Result<(Step, Follow), Refusal> {
        let begun = Instant::now();
        let worker = self.worker;
        let mut guest = worker.guest.borrow_mut();
        let mut input = worker.input.borrow_mut();
        let call = Call {
            event,
            now: self.incoming.now,
            random: self.incoming.random,
            results,
            continuation: &follow.continuation,
        };
        let Some(plan) = worker.deployment.policy().plan(follow.slots) else {
            return Err(Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the policy wants a slot set that it does not have",
            ));
        };
        plan.write(
            &mut input,
            &call,
            &self
                .incoming
                .facts(worker, plan, self.body_fact(), response),
        );
        let outcome = match guest.run(&input) {
            Ok(output) => self.take(&output).map(|step| (step, Follow::of(&output))),
            Err(error) => {
                if error != GuestError::TooLong {
                    // Nothing in the instance can be trusted now. A failure to renew it
                    // shows at the next call.
                    drop(guest.renew());
                }
                Err(self.failed(&error, event))
            }
        };
        // One long body must not hold memory for ever.
        if input.capacity() > 1 << 20 {
            *input = Vec::new();
        }
        self.record.decision += begun.elapsed();
        outcome
    }

    fn failed(&self, error: &GuestError, event: Event) -> Refusal {
        let status = match (error, event) {
            (GuestError::TooLong, Event::ResponseHead) => StatusCode::BAD_GATEWAY,
            (GuestError::TooLong, _) if self.body_fact().is_some() => StatusCode::PAYLOAD_TOO_LARGE,
            (GuestError::TooLong, _) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Refusal::new(status, error.to_string())
    }

    fn take(&mut self, output: &Output<'_>) -> Result<Step, Refusal> {
        let mut waits = Vec::new();
        for effect in output.effects() {
            match effect {
                Effect::Log(log) => self.remember_line(&log),
                Effect::Note(note) => self.remember_note(&note),
                Effect::Hits(hits) => self.remember_hits(&hits),
                Effect::Edits(edits) => {
                    let edits = self.edits(edits)?;
                    self.queued.extend(edits);
                    if self.queued.len() > MAX_QUEUED {
                        return Err(Refusal::new(
                            StatusCode::INTERNAL_SERVER_ERROR,
                            format!("more than {MAX_QUEUED} changes of an answer's header"),
                        ));
                    }
                }
                Effect::Body(body) => waits.push((body.limit(), body.is_chained())),
                Effect::Respond(respond) => {
                    self.record.rule = Some(respond.rule());
                    let response = respond::build(&respond, &self.queued)
                        .map_err(|error| self.bad_edit(&error))?;
                    return Ok(Step::Respond(self.decided(respond.rule(), response)));
                }
                Effect::Proxy(proxy) => {
                    let keep = Follow::of(output);
                    self.record.rule = Some(proxy.rule());
                    let forward = self.prepare(&proxy, &keep)?;
                    return Ok(Step::Forward(Box::new(forward)));
                }
                Effect::Pass(pass) => return Ok(Step::Pass(self.edits(pass.edits())?)),
                Effect::Fault(fault) => {
                    self.record.rule = Some(fault.rule());
                    return Err(self.fault(fault.reason(), fault.place()));
                }
            }
        }
        Ok(Step::Wait(waits))
    }

    /// Where the deciding rule denies, the answer says so.
    fn decided(&self, rule: u32, mut response: Response<Body>) -> Response<Body> {
        let policy = self.worker.deployment.policy();
        let denies = policy
            .manifest()
            .rules
            .get(rule as usize)
            .is_some_and(|rule| rule.kind == RuleKind::Deny);
        if let (true, Some(name)) = (denies, policy.rule_header(rule)) {
            response.headers_mut().insert(headers::RULE, name.clone());
        }
        response
    }

    /// Takes response edits out of the guest's memory.
    pub(super) fn edits(&self, edits: Edits<'_>) -> Result<Vec<HeaderEdit>, Refusal> {
        edits
            .map(|edit| HeaderEdit::new(&edit, &[]).map_err(|error| self.bad_edit(&error)))
            .collect()
    }

    pub(super) fn bad_edit(&self, error: &EditError) -> Refusal {
        let (place, what, name) = match error {
            EditError::Value { place, name } => (
                place,
                "a value with a control character for the header",
                name,
            ),
            EditError::Reserved { place, name } => {
                (place, "the host alone writes the header", name)
            }
        };
        let place = self.worker.deployment.policy().place(*place);
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("{place}: {what} `{name}`"),
        )
    }

    /// Where a statement is the cause, its place is named; a request's path is no
    /// statement's doing.
    pub(super) fn fault(&self, reason: Reason, place: u32) -> Refusal {
        let what = match reason {
            Reason::RequestPath => {
                let what = "the request's path cannot be normalised";
                return Refusal::new(StatusCode::BAD_REQUEST, what.to_owned());
            }
            Reason::UpstreamPath => "a value does not fit into the path to an origin",
            Reason::Location => "a redirect to a place with a control character",
        };
        let place = self.worker.deployment.policy().place(place);
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("{place}: {what}"),
        )
    }

    fn remember_line(&mut self, log: &Log<'_>) {
        let text = String::from_utf8_lossy(log.text()).into_owned();
        self.record.logs.push(LogLine {
            place: log.place(),
            text,
        });
    }

    /// The same note twice counts once.
    fn remember_note(&mut self, note: &Note<'_>) {
        match note.kind() {
            note::Kind::Exposure => {
                let exposure = Exposure {
                    experiment: note.id(),
                    arm: note.value(),
                };
                if !self.record.exposures.contains(&exposure) {
                    self.record.exposures.push(exposure);
                }
            }
        }
    }

    /// The same rule twice counts once.
    fn remember_hits(&mut self, hits: &Hits<'_>) {
        let list = match hits.kind() {
            hits::Kind::Shadow => &mut self.record.shadow,
            hits::Kind::Scored => &mut self.record.scored,
        };
        for rule in hits.rules() {
            if list.len() < MAX_REMEMBERED && !list.contains(&rule) {
                list.push(rule);
            }
        }
    }
}

/// The facts of an answer.
pub(super) fn response_facts<'a>(
    status: StatusCode,
    origin: Option<&'a str>,
    headers: &'a HeaderMap,
) -> ResponseFacts<'a> {
    ResponseFacts {
        status: status.as_u16(),
        origin,
        headers,
    }
}
