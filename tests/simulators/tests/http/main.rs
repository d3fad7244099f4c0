//! Every published semantic that the simulators play, over HTTP.

mod discord;
mod runpod;
#[cfg(test)]
mod support;
