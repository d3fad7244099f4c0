//! What xtask does with functions: makes one, compiles it to wasm, serves it, deploys all.

#[cfg(test)]
mod configuration;
#[cfg(test)]
mod deploy;
#[cfg(test)]
mod edge;
#[cfg(test)]
mod hearing;
#[cfg(test)]
mod import;
#[cfg(test)]
mod new;
#[cfg(test)]
mod panic;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod workspace;
