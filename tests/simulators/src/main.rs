//! `simulators --listen 127.0.0.1:8790`

use clap::Parser;
use simulators::{Config, Simulators};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let simulators = Simulators::start(Config::parse()).await?;
    println!("simulators on {}", simulators.url);
    tokio::select! {
        ended = simulators.serve() => ended,
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}
