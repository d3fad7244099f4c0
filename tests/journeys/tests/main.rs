//! What people do, across functions, as wasm in workerd with every part real: database, gateway, outside world.

#[cfg(test)]
mod aube;
#[cfg(test)]
mod clock;
#[cfg(test)]
mod edge;
#[cfg(test)]
mod grimoire;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod rise;
#[cfg(test)]
mod wellness;
