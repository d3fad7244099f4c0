//! Everything that has to run for the functions to be used: PostgreSQL, gateway, simulators, edge.

use std::{
    collections::BTreeMap,
    fs::File,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use migrate::TooOld;
use tokio::{
    net::TcpStream,
    process::Command,
    time::{Instant, sleep},
};

use crate::{
    build, database,
    edge::{Config, Edge, LogSink, Surroundings},
    guard::{self, Guarded, Stop},
    postgres::{Data, Installation, Postgres},
    progress::Step,
    project::{Function, Profile, Project},
    secrets::{self, Secrets},
    settings::{Ports, Settings, variables},
    toolchain::WasmToolchain,
};

const START_TIMEOUT: Duration = Duration::from_secs(20);

/// What to start.
pub struct Plan {
    pub data: Data,
    pub profile: Profile,
    pub ports: Ports,
    pub secrets: Secrets,
    pub settings: Settings,
    pub toolchain: WasmToolchain,
    pub edge_log: LogSink,
    /// Holds the logs of PostgreSQL, gateway and simulators.
    pub logs: PathBuf,
}

impl Plan {
    /// For a run beside all others: new data, free ports, settings of tests.
    pub fn beside(project: &Project, data: Data, logs: &str, toolchain: WasmToolchain) -> Result<Self> {
        let logs = project.path(logs);
        Ok(Self {
            data,
            profile: Profile::new(false),
            ports: Ports::free()?,
            secrets: secrets::fresh()?,
            settings: Settings::of_tests(None),
            toolchain,
            edge_log: LogSink::File(logs.join("edge.log")),
            logs,
        })
    }
}

/// What runs.
pub struct Stack {
    pub edge: Edge,
    pub functions: Vec<Function>,
    pub variables: BTreeMap<String, String>,
    pub profile: Profile,
    pub ports: Ports,
    pub toolchain: WasmToolchain,
    data: Data,
    servers: Vec<Guarded>,
    postgres: Option<Postgres>,
    logs: PathBuf,
}

/// What can be killed.
#[derive(Clone, Copy)]
pub enum Part {
    Edge,
    Gateway,
    Database,
}

impl Stack {
    /// Builds and starts everything; on an error everything that had started ends.
    pub async fn start(project: &Project, plan: Plan) -> Result<Self> {
        let Plan { data, profile, ports, secrets, settings, toolchain, edge_log, logs } = plan;
        let functions = project.functions()?;
        let ((postgres, url), ()) = tokio::try_join!(open_database(project, &settings, data, ports, &secrets, &logs), async {
            build::servers(project).await?;
            build::functions_as_modules(project, &functions, profile, &toolchain).await?;
            Ok(())
        })?;
        let logins = database::prepare(project, &url, &settings, &secrets).await.map_err(|error| match postgres {
            Some(_) if error.is::<TooOld>() => {
                let folder = Installation::find(project).map(|installation| installation.folder(data)).unwrap_or_default();
                error.context(format!("delete {} and start again", folder.display()))
            }
            _ => error,
        })?;

        let mut variables = variables(&settings, ports, secrets);
        variables.insert("DATABASE_URL".to_owned(), url.clone());
        variables.extend(logins);
        let step = Step::start("start");
        let programs = project.target().join("debug");
        let servers = vec![
            serve_gateway(&programs, ports.gateway, &url, &logs).await?,
            serve_simulators(&programs, ports.simulators, &variables, &logs, &[]).await?,
        ];
        let surroundings = Surroundings { port: ports.edge, profile, variables: &variables, keep_time: data == Data::Dev };
        let config = Config::new(project, &functions, &surroundings)?;
        for name in config.missing(project)? {
            eprintln!("  {name} is not set: functions that need it answer 503; set it in the environment or in .dev.vars");
        }
        let edge = Edge::start(project, &config, edge_log).await?;
        step.done("");
        Ok(Self { edge, functions, variables, profile, ports, toolchain, data, servers, postgres, logs })
    }

    /// Serves the modules as they are now.
    pub async fn reload(&mut self, project: &Project) -> Result<()> {
        let surroundings = Surroundings {
            port: self.ports.edge,
            profile: self.profile,
            variables: &self.variables,
            keep_time: self.data == Data::Dev,
        };
        let config = Config::new(project, &self.functions, &surroundings)?;
        self.edge.serve(&config).await
    }

    /// Kills a part and starts it again at the same place.
    pub async fn kill(&mut self, project: &Project, part: Part) -> Result<()> {
        match part {
            Part::Edge => {
                let surroundings =
                    Surroundings { port: self.ports.edge, profile: self.profile, variables: &self.variables, keep_time: false };
                let config = Config::new(project, &self.functions, &surroundings)?;
                self.edge.kill().await;
                self.edge.start_again(project, &config, self.logs.join("edge.log")).await?;
            }
            Part::Gateway => {
                self.servers.remove(0).kill().await;
                let programs = project.target().join("debug");
                let gateway = serve_gateway(&programs, self.ports.gateway, &self.variables["DATABASE_URL"], &self.logs).await?;
                self.servers.insert(0, gateway);
            }
            Part::Database => {
                let before = self.postgres.take().context("the database is a person's own")?;
                let log = self.logs.join("postgres.log");
                let postgres = Installation::find(project)?.restart(self.data, self.ports.postgres, before, &log).await?;
                self.postgres = Some(postgres);
            }
        }
        Ok(())
    }

    /// The owner's connection string.
    pub fn database_url(&self) -> &str {
        &self.variables["DATABASE_URL"]
    }

    /// To the same database, as whoever may do most: the superuser, unless the database is a person's own.
    pub fn superuser_url(&self) -> &str {
        self.postgres.as_ref().map_or(self.database_url(), |postgres| &postgres.superuser_url)
    }

    pub fn edge_url(&self) -> &str {
        &self.variables["EDGE_URL"]
    }

    /// Ends everything, the database last.
    pub async fn stop(self) {
        self.edge.stop().await;
        for server in self.servers {
            server.stop().await;
        }
        if let Some(postgres) = self.postgres {
            postgres.stop().await;
        }
    }
}

/// The person's database if `DATABASE_URL` names one, else our own.
async fn open_database(
    project: &Project,
    settings: &Settings,
    data: Data,
    ports: Ports,
    secrets: &Secrets,
    logs: &Path,
) -> Result<(Option<Postgres>, String)> {
    if let Some(url) = settings.get("DATABASE_URL") {
        return Ok((None, url));
    }
    let installation = Installation::find(project)?;
    let postgres = installation.start(data, ports.postgres, secrets, &logs.join("postgres.log")).await?;
    let url = postgres.url.clone();
    Ok((Some(postgres), url))
}

/// Starts the gateway that lies in the folder `programs`.
pub async fn serve_gateway(programs: &Path, port: u16, url: &str, logs: &Path) -> Result<Guarded> {
    let listen = SocketAddr::from(([127, 0, 0, 1], port));
    let mut command = server(programs, "gateway");
    command.arg("--listen").arg(listen.to_string()).arg("--count").env("DATABASE_URL", url);
    serve("gateway", command, listen, logs).await
}

/// Starts the simulators that lie in the folder `programs`.
pub async fn serve_simulators(
    programs: &Path,
    port: u16,
    variables: &BTreeMap<String, String>,
    logs: &Path,
    options: &[&str],
) -> Result<Guarded> {
    let listen = SocketAddr::from(([127, 0, 0, 1], port));
    let mut command = server(programs, "simulators");
    command.arg("--listen").arg(listen.to_string()).args(options).envs(variables);
    serve("simulators", command, listen, logs).await
}

fn server(programs: &Path, name: &str) -> Command {
    guard::command(programs.join(name), Stop::Terminate, None)
}

async fn serve(name: &str, mut command: Command, listen: SocketAddr, logs: &Path) -> Result<Guarded> {
    std::fs::create_dir_all(logs)?;
    let path = logs.join(format!("{name}.log"));
    let log = File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?;
    command.stdout(Stdio::from(log.try_clone()?)).stderr(log);
    let process = guard::spawn(command)?;
    if !listens(&process, listen, Duration::from_millis(20)).await {
        bail!("the {name} did not start: {} tells why", path.display());
    }
    Ok(process)
}

/// Waits until a process answers at an address, looking every `pause`; false where it ends before or takes too long.
pub async fn listens(process: &Guarded, address: SocketAddr, pause: Duration) -> bool {
    let deadline = Instant::now() + START_TIMEOUT;
    while TcpStream::connect(address).await.is_err() {
        if process.has_ended() || Instant::now() > deadline {
            return false;
        }
        sleep(pause).await;
    }
    true
}
