//! Every published semantic that the simulators play, over HTTP.

mod discord;
#[cfg(test)]
mod mail;
#[cfg(test)]
mod providers;
mod runpod;
#[cfg(test)]
mod storage;
#[cfg(test)]
mod support;
