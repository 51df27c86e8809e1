//! Audiences as types, so that showing the wrong people the wrong picture does not compile.

use std::marker::PhantomData;
use tandem_protocol::Audience;

/// Whose eyes something is made for.
pub trait For: Copy + Send + Sync + 'static {
    const AUDIENCE: Audience;
}

/// The clear view.
#[derive(Debug, Clone, Copy)]
pub enum Customer {}

/// The masked view: agents, supervisors and the recorder.
#[derive(Debug, Clone, Copy)]
pub enum Agent {}

impl For for Customer {
    const AUDIENCE: Audience = Audience::Customer;
}

impl For for Agent {
    const AUDIENCE: Audience = Audience::Agent;
}

/// Something that one audience, and no other, may receive.
///
/// ```compile_fail
/// use tandem_browser_node::worker::audience::{Agent, Customer, Only};
/// fn send_to_agent(_: Only<Agent, &str>) {}
/// fn leak(clear: Only<Customer, &'static str>) { send_to_agent(clear) }
/// ```
#[derive(Debug, Clone)]
pub struct Only<A: For, T> {
    value: T,
    audience: PhantomData<A>,
}

impl<A: For, T> Only<A, T> {
    /// For [`super::view`], [`super::encoder`], [`super::notices`] and [`super::sound`] alone: they know what an audience may
    /// see and hear.
    pub(super) fn new(value: T) -> Self {
        Self { value, audience: PhantomData }
    }

    pub fn get(&self) -> &T {
        &self.value
    }

    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: Clone> Only<Agent, T> {
    /// What agents may see the customer may see; never the other way round.
    pub fn for_customer_too(&self) -> Only<Customer, T> {
        Only::new(self.value.clone())
    }
}
