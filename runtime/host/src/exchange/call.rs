//! One call of the guest, whoever makes it, and what can go wrong with it.

use std::cell::RefMut;

use edge_abi::input::Event;
use edge_abi::manifest::RuleKind;
use edge_abi::output::fault::Reason;
use http::{Response, StatusCode};

use super::Worker;
use super::incoming::Refusal;
use crate::engine::GuestError;
use crate::headers::{self, EditError};
use crate::input::{Call, Facts, Plan};
use crate::output::{Fault, Output};
use crate::upstream::Body;

/// An input over this length does not keep its memory.
const KEPT_INPUT: usize = 1 << 20;

impl Worker {
    /// How the inputs of a slot set are built.
    ///
    /// # Errors
    /// 500 when the policy has no such set.
    pub(super) fn plan(&self, slots: u16) -> Result<&Plan, Refusal> {
        self.deployment
            .policy()
            .plan(slots)
            .ok_or_else(|| broken("the policy wants a slot set that it does not have"))
    }

    /// Builds the input of a call. It has to be used before anything is waited for.
    pub(super) fn write(
        &self,
        plan: &Plan,
        call: &Call<'_>,
        facts: &Facts<'_>,
    ) -> RefMut<'_, Vec<u8>> {
        let mut input = self.input.borrow_mut();
        plan.write(&mut input, call, facts);
        input
    }

    /// Calls the guest. What is to outlive the call is to be taken out of its memory by `take`.
    pub(super) fn ask<T>(
        &self,
        mut input: RefMut<'_, Vec<u8>>,
        take: impl FnOnce(&Output<'_>) -> T,
    ) -> Result<T, GuestError> {
        let mut guest = self.guest.borrow_mut();
        let outcome = guest.run(&input).map(|output| take(&output));
        if outcome
            .as_ref()
            .is_err_and(|error| *error != GuestError::TooLong)
        {
            // Nothing in the instance can be trusted now. A failure to renew it shows at
            // the next call.
            drop(guest.renew());
        }
        // One long body must not hold memory for ever.
        if input.capacity() > KEPT_INPUT {
            *input = Vec::new();
        }
        outcome
    }

    /// Where the deciding rule denies, the answer says so.
    pub(super) fn name_denial(&self, rule: u32, response: &mut Response<Body>) {
        let policy = self.deployment.policy();
        let rules = &policy.manifest().rules;
        let denies = rules
            .get(rule as usize)
            .is_some_and(|rule| rule.kind == RuleKind::Deny);
        if let (true, Some(name)) = (denies, policy.rule_header(rule)) {
            response.headers_mut().insert(headers::RULE, name.clone());
        }
    }

    /// An edit that can't be carried out, by its place.
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
        let place = self.deployment.policy().place(*place);
        broken(format!("{place}: {what} `{name}`"))
    }

    /// A `fault` as the host's answer.
    pub(super) fn fault(&self, fault: &Fault<'_>) -> Refusal {
        self.faulty(fault.reason(), fault.place())
    }

    /// Where a statement is the cause, its place is named; a request's path is no
    /// statement's doing.
    pub(super) fn faulty(&self, reason: Reason, place: u32) -> Refusal {
        let what = match reason {
            Reason::RequestPath => {
                let what = "the request's path cannot be normalised";
                return Refusal::new(StatusCode::BAD_REQUEST, what.to_owned());
            }
            Reason::UpstreamPath => "a value does not fit into the path to an origin",
            Reason::Location => "a redirect to a place with a control character",
        };
        let place = self.deployment.policy().place(place);
        broken(format!("{place}: {what}"))
    }
}

/// The host's answer when a call gave no usable output.
pub(super) fn failed(error: &GuestError, event: Event, holds_body: bool) -> Refusal {
    let status = match (error, event) {
        (GuestError::TooLong, Event::ResponseHead | Event::ResponseChunk) => {
            StatusCode::BAD_GATEWAY
        }
        (GuestError::TooLong, _) if holds_body => StatusCode::PAYLOAD_TOO_LARGE,
        (GuestError::TooLong, _) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    Refusal::new(status, error.to_string())
}

/// A policy that does what it may not.
pub(super) fn broken(reason: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, reason)
}
