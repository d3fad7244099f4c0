//! Every published semantic that the simulators play, over HTTP.

mod discord;
mod runpod;
mod support;
