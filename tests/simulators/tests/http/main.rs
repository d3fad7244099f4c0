//! Every published semantic that the simulators play, over HTTP.

mod discord;
mod mail;
mod runpod;
mod storage;
#[cfg(test)]
mod support;
