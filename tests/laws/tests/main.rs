//! The laws of DESIGN: tests that hold for every function without anyone remembering to add it.

#[cfg(test)]
mod access;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod cron;
#[cfg(test)]
mod entry;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod input;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod rehearsal;
mod routes;
#[cfg(test)]
mod sql;
#[cfg(test)]
mod structure;
#[cfg(test)]
mod tables;
