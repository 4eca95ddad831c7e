//! Runs a policy's tests: the same guest and the same exchange as in production,
//! over origins that are played, with a clock that goes on only when told to.
//!
//! Nothing here sleeps, opens a socket or reads the system's clock, so a test gives
//! the same result on every machine.

mod body;
mod expect;
pub(crate) mod memory;
mod origins;
mod report;
mod scene;
mod tasks;

use std::sync::Arc;

use edge_abi::test_plan::{Step, Test, TestPlan};

pub use report::{Failure, Place, Report, TestReport};

use crate::engine::Policy;
use scene::Scene;

/// Runs every test of a plan.
#[must_use]
pub fn run(policy: &Arc<Policy>, plan: &TestPlan) -> Report {
    Report::new(
        plan.tests
            .iter()
            .map(|test| run_one(policy, plan, test))
            .collect(),
    )
}

fn run_one(policy: &Arc<Policy>, plan: &TestPlan, test: &Test) -> TestReport {
    // What may wait for a time needs one to wait with, though in a test nothing does.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .ok();
    let _timers = runtime.as_ref().map(tokio::runtime::Runtime::enter);
    let mut scene = Scene::new(policy, &plan.files, test);
    play(&mut scene, &test.steps);
    let place = Place::of(&plan.files, test.place);
    let failures = scene.into_failures();
    TestReport {
        name: test.name.clone(),
        place,
        passed: failures.is_empty(),
        failures,
    }
}

/// Plays steps in order. After a failure, what else is expected of the same answer is
/// still judged; then the test ends. False when it has ended.
fn play(scene: &mut Scene<'_>, steps: &[Step]) -> bool {
    for step in steps {
        if scene.has_failed() && !matches!(step, Step::Expect(_)) {
            return false;
        }
        match step {
            Step::Given(given) => scene.give(given),
            Step::Request(request) => scene.send(request),
            Step::Expect(expect) => scene.judge(expect),
            Step::After { ms } => scene.pass_time(*ms),
            Step::Repeat { times, steps } => {
                for time in 1..=*times {
                    scene.enter_repetition(time);
                    if !play(scene, steps) {
                        return false;
                    }
                }
                scene.leave_repetition();
            }
        }
    }
    !scene.has_failed()
}

#[cfg(test)]
mod tests;
